/** Runs damaged inputs through a reader and reports what must never happen. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecileError } from '../../../src/core/errors.ts';
import { mutate, randomFrom } from './mutate.ts';
import type { Reader } from './readers.ts';

/**
 * No input may keep a reader longer than this, seconds. On a busy machine a reader may merely have waited for its turn:
 * it counts when at least half of the time was computed. What waits for ever is found by run.ts's watchdog.
 */
export const LIMIT_SECONDS = 5;

/** What one input may make the process allocate, bytes: deflate's own limit of the input, and room for a codec. */
export const limitBytes = (inputBytes: number): number => 2 ** 28 + 1032 * inputBytes;

export interface Finding {
  reader: string;
  seed: number;
  what: string;
}
export interface FuzzResult {
  inputs: number;
  /** Inputs that were still read, and coded errors by code. */
  outcomes: Map<string, number>;
  findings: Finding[];
  slowestSeconds: number;
  /** Processor time of the input that took most of it: what is left of the clock's seconds was waiting for a turn. */
  mostComputed: number;
  /** Largest growth of memory outside the JavaScript heap (arrays, buffers, codecs) over one input, bytes. */
  largestBytes: number;
}

/**
 * Inputs `from` .. `from + count - 1` of a reader: each must be read or fail with a coded error within LIMIT_SECONDS
 * and limitBytes.
 * @param onInput called before each input, for a watchdog in another thread
 * @param keep folder where the bytes of findings are kept
 */
export async function fuzz(
  reader: Reader,
  from: number,
  count: number,
  onInput: (seed: number) => void = () => {},
  keep?: string,
): Promise<FuzzResult> {
  const folder = await mkdtemp(join(tmpdir(), 'decile-fuzz-'));
  const result: FuzzResult = {
    inputs: count,
    outcomes: new Map(),
    findings: [],
    slowestSeconds: 0,
    mostComputed: 0,
    largestBytes: 0,
  };
  try {
    for (let seed = from; seed < from + count; seed++) {
      onInput(seed);
      const random = randomFrom(seed);
      const bytes = mutate(reader.seeds[random(reader.seeds.length)], random);
      const started = performance.now();
      const before = process.cpuUsage();
      const held = process.memoryUsage().external;
      let outcome = 'read';
      try {
        await reader.read(folder, bytes);
      } catch (error) {
        if (error instanceof DecileError && error.code && error.message) outcome = error.code;
        else
          result.findings.push({
            reader: reader.name,
            seed,
            what: `an error without code: ${error instanceof Error ? error.stack : String(error)}`,
          });
      }
      const seconds = (performance.now() - started) / 1000;
      result.slowestSeconds = Math.max(result.slowestSeconds, seconds);
      const used = process.cpuUsage(before);
      const computed = (used.user + used.system) / 1e6;
      result.mostComputed = Math.max(result.mostComputed, computed);
      if (seconds > LIMIT_SECONDS && computed > LIMIT_SECONDS / 2)
        result.findings.push({ reader: reader.name, seed, what: `took ${seconds.toFixed(1)} s` });
      const grown = process.memoryUsage().external - held;
      result.largestBytes = Math.max(result.largestBytes, grown);
      if (grown > limitBytes(bytes.length))
        result.findings.push({ reader: reader.name, seed, what: `allocated ${Math.round(grown / 2 ** 20)} MiB` });
      result.outcomes.set(outcome, (result.outcomes.get(outcome) ?? 0) + 1);
      if (keep && result.findings.at(-1)?.seed === seed) await writeFile(join(keep, `${reader.name}-${seed}`), bytes);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return result;
}
