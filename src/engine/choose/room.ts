/** The bytes that a training step may take here. */
import os from 'node:os';
import type { EngineName } from '../../core/options.ts';
import { roomIn } from '../../core/train/fit-patch.ts';
import { freeGpuBytes } from '../machine/gpu-memory.ts';

/** wasm32 ends at 4 GiB; holes between blocks take a part of it. */
const SIMD_BYTES = 0.85 * 2 ** 32;
/** Of a card's free memory: other programs draw on it too, and buffers are kept for later use. */
const CARD_SHARE = 0.8;

/** Memory that this process may use: a job of a cluster or a container has less than the machine. */
function machineMemory(): { free: number; total: number } {
  const most = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return { free: Math.min(os.freemem(), process.availableMemory()), total: Math.min(os.totalmem(), most) };
}

/** @param engine one that runs, with who made its card, or the name of one that would */
export function roomOf({ name, vendor }: { name: EngineName; vendor?: string }): number {
  const card = vendor && freeGpuBytes(vendor);
  if (card) return CARD_SHARE * card;
  return roomIn(machineMemory(), name === 'simd' ? SIMD_BYTES : undefined);
}
