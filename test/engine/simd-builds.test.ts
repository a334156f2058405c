/** What does not depend on the machine: both builds, and any number of threads, give the same convolution. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SimdBackend } from '../../src/engine/simd/backend.ts';
import { Heap } from '../../src/engine/simd/heap.ts';
import { convolveDirect, convolveWeightsDirect } from '../../src/engine/simd/plain-convolution.ts';
import { startMachine } from '../../src/engine/simd/threads.ts';
import { convolveWeightsWinograd, convolveWinograd } from '../../src/engine/simd/winograd.ts';
import { convolveWeightsWinogradDepth, convolveWinogradDepth } from '../../src/engine/simd/winograd-depth.ts';
import { convolveSmall, convolveWeightsSmall } from '../../src/engine/simd/winograd-small.ts';

const SHAPE = { d: 5, h: 12, w: 14, c: 8 };
const CHANNELS = 16;

/** y and dw of a fixed convolution on a machine of its own, in the plain form and in each of Winograd's. */
function results(threads: number, plain: boolean): Float32Array[] {
  const machine = startMachine(threads, plain);
  try {
    const backend = new SimdBackend(machine);
    const { d, h, w, c } = SHAPE;
    const filled = (length: number, step: number) => {
      const at = machine.heap.allocate(length * 4);
      machine.floats(at, length).set(Float32Array.from({ length }, (_, i) => Math.sin(step * i)));
      return at;
    };
    const [voxels, size] = [d * h * w, 27 * c * CHANNELS];
    const [x, weights, dy] = [filled(voxels * c, 0.7), filled(size, 1.3), filled(voxels * CHANNELS, 0.3)];
    const [y, dw] = [filled(voxels * CHANNELS, 0), filled(size, 0)];
    const forms = [
      { forward: convolveDirect, gradient: convolveWeightsDirect },
      { forward: convolveWinograd, gradient: convolveWeightsWinograd },
      { forward: convolveWinogradDepth, gradient: convolveWeightsWinogradDepth },
      { forward: convolveSmall, gradient: convolveWeightsSmall },
    ];
    return forms.flatMap(({ forward, gradient }) => {
      forward(backend, x, weights, y, SHAPE, CHANNELS, false);
      gradient(backend, x, dy, dw, SHAPE, CHANNELS);
      return [machine.floats(y, voxels * CHANNELS).slice(), machine.floats(dw, size).slice()];
    });
  } finally {
    machine.stop();
  }
}

const largest = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

test('the number of threads does not change a single bit', () => {
  assert.deepEqual(results(3, false), results(1, false));
});

test('plain SIMD equals relaxed SIMD to rounding', () => {
  const [plain, relaxed] = [results(2, true), results(2, false)];
  for (const [i, values] of relaxed.entries()) {
    const difference = largest(values.map((v, j) => v - plain[i][j]));
    assert.ok(largest(values) > 0.1 && difference < 1e-5 * largest(values), `result ${i} differs by ${difference}`);
  }
});

test('freed blocks join again, and a full memory is an error with a code', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const heap = new Heap(memory, 1024, 4 * 65536);
  const blocks = [100, 5000, 64, 20000, 70000].map((bytes) => heap.allocate(bytes));
  assert.equal(new Set(blocks).size, 5);
  for (const i of [1, 3, 0, 4, 2]) heap.release(blocks[i]);
  assert.deepEqual([heap.used, heap.blocks], [0, 0]);
  const whole = heap.allocate(120000);
  assert.equal(whole, 1024);
  assert.throws(() => heap.allocate(200000), { code: 'engine/out-of-memory' });
  assert.throws(() => heap.release(whole + 64), /in use/);
});

test('the compiled kernels are those of the sources', () => {
  const script = fileURLToPath(new URL('../../scripts/build-simd.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
