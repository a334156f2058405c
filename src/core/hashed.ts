/**
 * Random numbers without a sequence: value n of a map is a hash of the map's key and n, so that every engine draws all of a map at once,
 * and the same bits. The hash is two rounds of lowbias32 (Wellons, https://nullprogram.com/blog/2018/07/31), a word of the key before each.
 */
import type { Random } from './random.ts';

/** Two words of 32 bits. */
export type HashKey = readonly [number, number];

export const keyFrom = (random: Random): HashKey => [random.uint32(), random.uint32()];

function mixed(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** 32 random bits, signed. */
export const hashed = (n: number, [first, second]: HashKey): number => mixed(mixed(n ^ first) ^ second);

/** 0 with that probability, else 1 / (1 - p): values 2 n and 2 n + 1 by the lower and the upper 16 bits of hash n. */
export function fillMask(values: Float32Array, probability: number, [first, second]: HashKey): void {
  const threshold = maskThreshold(probability);
  const kept = 1 / (1 - probability);
  for (let i = 0, n = 0; i < values.length; i += 2, n++) {
    const word = mixed(mixed(n ^ first) ^ second);
    // 1 for draws from the threshold on, without a branch: a processor guesses a coin wrong too often.
    values[i] = kept * ((threshold - 1 - (word & 0xffff)) >>> 31);
    values[i + 1] = kept * ((threshold - 1 - (word >>> 16)) >>> 31); // one beyond an odd end is not written
  }
}

/** Draws of 16 bits below it leave a value out. */
export const maskThreshold = (probability: number): number => Math.round(probability * 65536);

/**
 * clip(0.1 N(0,1), -.2, .2), the n-th value of a map (method section 5): the normal's inverse distribution at the middle of one of 2^23
 * equal parts, sqrt(2) erfinv(x), by the middle polynomial of Giles (Approximating the erfinv function, GPU Computing Gems 2011). What it is
 * not made for, w >= 5, is cut. Exact enough in floats of 32 bits with any logarithm that is.
 */
export function clippedNormal(n: number, key: HashKey): number {
  const x = (hashed(n, key) >>> 9) * 2 ** -22 + (2 ** -23 - 1);
  const w = Math.min(5, -Math.log((1 - x) * (1 + x))) - 2.5;
  let p = ERFINV[0];
  for (let i = 1; i < ERFINV.length; i++) p = ERFINV[i] + p * w;
  return Math.min(0.2, Math.max(-0.2, NOISE_SCALE * p * x));
}

export const ERFINV = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];

/** 0.1 sqrt(2) */
export const NOISE_SCALE = 0.1 * Math.SQRT2;
