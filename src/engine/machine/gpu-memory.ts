/** How much memory a graphics card has free, as far as its driver says so; WebGPU itself does not tell. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askNvidia } from './nvidia.ts';

const CARDS = '/sys/class/drm';
/** A part of the machine's memory that the firmware sets aside for a chip without its own is smaller. */
const LEAST_OF_A_CARD = 2 * 2 ** 30;

/**
 * Free bytes of the card of this vendor, as the adapter names it; of several the least. Undefined where the chip shares the machine's
 * memory, or nobody says.
 * @param cards where Linux lists graphics cards
 */
export function freeGpuBytes(vendor: string, cards: string = CARDS): number | undefined {
  if (/nvidia/i.test(vendor)) return least(nvidiaFree());
  if (/\bamd\b|advanced micro/i.test(vendor)) return least(amdFree(cards));
  return undefined;
}

const least = (bytes: readonly number[]): number | undefined => (bytes.length > 0 ? Math.min(...bytes) : undefined);

function nvidiaFree(): number[] {
  const mebibytes = askNvidia('memory.free').map(([free]) => Number(free));
  return mebibytes.filter((free) => free > 0).map((free) => free * 2 ** 20);
}

function amdFree(cards: string): number[] {
  const of = (card: string, what: string) => Number(readFileSync(join(cards, card, 'device', what), 'utf8'));
  try {
    return readdirSync(cards).flatMap((card) => {
      try {
        const total = of(card, 'mem_info_vram_total');
        return total >= LEAST_OF_A_CARD ? [total - of(card, 'mem_info_vram_used')] : [];
      } catch {
        return []; // a connector, or a card of another driver
      }
    });
  } catch {
    return [];
  }
}
