/** Reads the golden files of this folder and makes the inputs they were computed from (README.md). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export type Triple = [number, number, number];

export interface MaskShape {
  label: number;
  centre: Triple;
  weights: Triple;
  limit: number;
  noise: number;
}

/** Every `stride`-th element of a flat array, and the norm of all of it. */
export interface GoldenTensor {
  shape: number[];
  stride: number;
  norm: number;
  values: Float32Array;
}

export interface Golden<Facts> {
  facts: Facts;
  has(name: string): boolean;
  names(prefix?: string): string[];
  tensor(name: string): GoldenTensor;
  /** The largest difference to the golden tensor, relative to its largest element (and the norm's relative difference). */
  difference(name: string, actual: ArrayLike<number>): number;
  /** Fails unless `difference` is at most the tolerance. */
  equal(name: string, actual: ArrayLike<number>, tolerance: number): void;
}

/** Loads golden/<name>.json and .f32. */
export function loadGolden<Facts>(name: string): Golden<Facts> {
  const at = (ending: string) => new URL(`./golden/${name}.${ending}`, import.meta.url);
  const { tensors, ...facts } = JSON.parse(readFileSync(at('json'), 'utf8'));
  const bytes = readFileSync(at('f32'));
  const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const tensor = (key: string): GoldenTensor => {
    const entry = tensors[key];
    assert.ok(entry, `golden file ${name} must have ${key}`);
    const { shape, stride, norm, at: start, count } = entry;
    return { shape, stride, norm, values: numbers.subarray(start, start + count) };
  };
  const difference = (key: string, actual: ArrayLike<number>): number => {
    const { shape, stride, norm, values } = tensor(key);
    assert.equal(
      actual.length,
      shape.reduce((a, b) => a * b, 1),
      `${key} must have ${shape.join(' x ')} elements`,
    );
    let largest = 0;
    let worst = 0;
    for (let n = 0; n < values.length; n++) {
      largest = Math.max(largest, Math.abs(values[n]));
      const d = Math.abs(actual[n * stride] - values[n]);
      worst = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(worst, d);
    }
    let squares = 0;
    for (let n = 0; n < actual.length; n++) squares += actual[n] ** 2;
    if (norm === 0) return Math.max(worst, Math.sqrt(squares));
    return Math.max(worst / (largest || 1), Math.abs(Math.sqrt(squares) - norm) / norm);
  };
  return {
    facts,
    has: (key) => key in tensors,
    names: (prefix = '') => Object.keys(tensors).filter((key) => key.startsWith(prefix)),
    tensor,
    difference,
    equal(key, actual, tolerance) {
      const d = difference(key, actual);
      assert.ok(d <= tolerance, `${key} must be within ${tolerance} of PyTorch's, differs by ${d}`);
    },
  };
}

/** float32(hash * scale + shift), hash in [-1, 1) from index and seed: the twin of golden.py's `noise`. */
export function noise(count: number, seed: number, scale = 1, shift = 0): Float32Array {
  const values = new Float32Array(count);
  const offset = Math.imul(seed, 0x9e3779b9);
  for (let n = 0; n < count; n++) {
    let h = (n + offset) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    values[n] = ((h >>> 8) / 2 ** 23 - 1) * scale + shift;
  }
  return values;
}

/** Values of weight `index` of the forward order: noise * sqrt(6 / fan in); biases noise * 0.1. */
export function hashedWeight(shape: readonly number[], index: number, seed = 0): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const fanIn = count / shape[shape.length - 1];
  return noise(count, seed + index, shape.length > 1 ? Math.sqrt(6 / fanIn) : 0.1);
}

/** A discriminator's weight: noise / sqrt(fan in); a bias has the fan of its weight's shape. */
export function hashedDiscriminatorWeight(
  shape: readonly number[],
  weightShape: readonly number[],
  seed: number,
): Float32Array {
  const product = (sides: readonly number[]) => sides.reduce((a, b) => a * b, 1);
  return noise(product(shape), seed, 1 / Math.sqrt(product(weightShape.slice(0, -1))));
}

/** Labels of a mask of `size` (i, j, k), i fastest: the twin of golden.py's `mask`. */
export function drawMask(size: Triple, shapes: readonly MaskShape[]): Uint8Array {
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (const { label, centre, weights, limit, noise: speckle } of shapes) {
    for (let v = 0; v < data.length; v++) {
      const index = [v % size[0], Math.floor(v / size[0]) % size[1], Math.floor(v / (size[0] * size[1]))];
      const sum = index.reduce((total, x, axis) => total + weights[axis] * (x - centre[axis]) ** 2, 0);
      if (sum <= limit && Math.imul(v, 2654435761) >>> 24 >= speckle) data[v] = label;
    }
  }
  return data;
}
