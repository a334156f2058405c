import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { fastestEngine, keepStepTime, type StepTime, stepTimes } from '../../src/engine/choose/step-times.ts';
import { othersShare, processorTimes } from '../../src/engine/machine/machine-load.ts';

const options = resolveOptions({ network: 'unet', width: 8 });
const before = process.env.DECILE_CACHE;
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'decile-times-'));
  process.env.DECILE_CACHE = cache;
});
afterEach(() => {
  rmSync(cache, { recursive: true });
  if (before === undefined) delete process.env.DECILE_CACHE;
  else process.env.DECILE_CACHE = before;
});

const time = (engine: StepTime['engine'], seconds: number, measuredAt = 1): StepTime => ({
  ...{ engine, seconds, measuredAt },
  device: engine,
  bytes: 1e9,
});

test('a measured step is known again, fastest engine first, and for this network and patch alone', () => {
  keepStepTime(options, [32, 32, 32], time('simd', 0.6));
  keepStepTime(options, [32, 32, 32], time('tensorflow', 0.3));
  assert.deepEqual(
    stepTimes(options, [32, 32, 32]).map((t) => [t.engine, t.seconds]),
    [
      ['tensorflow', 0.3],
      ['simd', 0.6],
    ],
  );
  assert.deepEqual(stepTimes(options, [48, 32, 32]), []);
  assert.deepEqual(stepTimes(resolveOptions({ width: 16 }), [32, 32, 32]), []);
});

test('the fastest engine is that of the newest step that more than one engine was measured with', () => {
  assert.equal(fastestEngine(), undefined);
  keepStepTime(options, [16, 16, 16], time('simd', 0.1, 9));
  assert.equal(fastestEngine(), undefined);
  keepStepTime(options, [32, 32, 32], time('tensorflow', 0.3, 1));
  keepStepTime(options, [32, 32, 32], time('simd', 0.6, 2));
  assert.equal(fastestEngine(), 'tensorflow');
  keepStepTime(options, [64, 64, 32], time('tensorflow', 3, 3));
  keepStepTime(options, [64, 64, 32], time('simd', 2, 4));
  assert.equal(fastestEngine(), 'simd');
});

test('a newer measurement takes the place of the older one', () => {
  keepStepTime(options, [32, 32, 32], time('simd', 0.6));
  keepStepTime(options, [32, 32, 32], time('simd', 0.5, 2));
  assert.deepEqual(
    stepTimes(options, [32, 32, 32]).map((t) => t.seconds),
    [0.5],
  );
});

test('a time from a busy machine serves for an hour, then it is measured again', () => {
  const minutes = (n: number) => Date.now() - n * 60_000;
  keepStepTime(options, [32, 32, 32], { ...time('simd', 30, minutes(61)), busy: true });
  keepStepTime(options, [48, 32, 32], { ...time('simd', 30, minutes(59)), busy: true });
  keepStepTime(options, [64, 32, 32], time('simd', 3, minutes(61)));
  const known = [32, 48, 64].map((side) => stepTimes(options, [side, 32, 32]).map((t) => t.seconds));
  assert.deepEqual(known, [[], [30], [3]]);
});

test("the processor's share of others is what neither this process nor nobody took", () => {
  const from = { busy: 100, all: 1000, own: 10 };
  assert.equal(othersShare(from, { busy: 108, all: 1010, own: 13 }), 0.5);
  assert.equal(othersShare(from, { busy: 103, all: 1010, own: 13.5 }), 0, 'ticks are coarse');
  assert.equal(othersShare(from, from), 0);
  const times = processorTimes();
  assert.ok(times.busy > 0 && times.all > times.busy && times.own > 0 && times.own < times.busy);
});

test('an unreadable file counts as no measurement', () => {
  writeFileSync(join(cache, 'step-times.json'), '{"cut of');
  assert.deepEqual(stepTimes(options, [32, 32, 32]), []);
  assert.equal(fastestEngine(), undefined);
  keepStepTime(options, [32, 32, 32], time('simd', 0.6));
  assert.equal(stepTimes(options, [32, 32, 32]).length, 1);
});
