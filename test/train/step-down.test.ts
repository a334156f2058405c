import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/core/errors.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { type Fit, smallerFit } from '../../src/core/train/fit-patch.ts';
import type { TrainerEvent, TrainJob } from '../../src/shared/training.ts';
import { afterFailure, type Seen } from '../../src/trainer/host/step-down.ts';

/** Of a step with several passes. */
const FORMS = [undefined, 'maps', 'passes'] as const;

/** One that computes all again that can be. */
const fit = (patch: Fit['patch'], labelledPerStep = 2, unlabelledPerStep = 2): Fit => ({
  patch,
  labelledPerStep,
  unlabelledPerStep,
  recompute: 'passes',
});
const { recompute: _, ...whole } = fit([64, 64, 32]);

test('a step that does not fit first computes maps again instead of keeping them, then passes: patch and batch stay', () => {
  const next = (fit: Fit, forms: Parameters<typeof smallerFit>[1] = FORMS) => smallerFit(fit, forms);
  assert.deepEqual(next(whole), { ...whole, recompute: 'maps' });
  assert.deepEqual(next({ ...whole, recompute: 'maps' }), { ...whole, recompute: 'passes' });
  assert.deepEqual(next({ ...whole, recompute: 'maps' }, [undefined, 'maps'])?.patch, [48, 64, 32]);
  assert.deepEqual(next(whole, [undefined]), { ...whole, patch: [48, 64, 32] });
});

test('then it gives up a quarter of its patch or more, longest sides first', () => {
  assert.deepEqual(smallerFit(fit([96, 96, 96]), FORMS), fit([80, 80, 96])); // 80 80 96 / 96^3 = 0.69
  assert.deepEqual(smallerFit(fit([64, 64, 32]), FORMS), fit([48, 64, 32])); // 48 / 64 = 0.75
});

test('at 32 voxels a side the batch gives way, then the patch down to 16, then nothing is left', () => {
  assert.deepEqual(smallerFit(fit([32, 32, 16]), FORMS), fit([32, 32, 16], 1, 1));
  assert.deepEqual(smallerFit(fit([32, 32, 16], 2, 0), FORMS), fit([32, 32, 16], 1, 0));
  assert.deepEqual(smallerFit(fit([32, 32, 16], 1, 1), FORMS), fit([16, 32, 16], 1, 1));
  assert.equal(smallerFit(fit([16, 16, 16], 1, 1), FORMS), null);
});

test('every start ends: steps down never grow, and 16x16x16 with one patch of each kind is the last', () => {
  let current: Fit | null = fit([96, 96, 96], 4, 4);
  let attempts = 0;
  let voxels = Number.POSITIVE_INFINITY;
  for (; current; current = smallerFit(current, FORMS), attempts++) {
    const size = current.patch[0] * current.patch[1] * current.patch[2] * (current.labelledPerStep + 1);
    assert.ok(size < voxels);
    voxels = size;
  }
  assert.equal(voxels, 16 ** 3 * 2);
  assert.ok(attempts < 20, String(attempts));
});

const job: TrainJob = {
  kind: 'train',
  runFolder: '',
  options: { ...resolveOptions({ steps: 2000 }), spacing: 'native' },
  lists: { labelled: [], unlabelled: [], validation: [] },
  classes: ['background', 'organ'],
  normalisation: { kind: 'mr' },
  resume: false,
};
const seen = (steps: number, checkpoint = 0): Seen => ({
  started: {
    ...{ type: 'started', device: '', engine: 'simd', parameters: 1, labelled: 1, unlabelled: 1, step: 0, steps: 9 },
    ...whole,
  },
  steps,
  checkpoint,
});
const error = (code: ErrorCode, message = ''): TrainerEvent => ({ type: 'error', code, message, cure: '' });

test('no memory of an engine and a process killed in its first step are steps down; other failures are not', () => {
  const next = (last: TrainerEvent, steps = 3, checkpoint = 2) => afterFailure(job, last, seen(steps, checkpoint));
  for (const code of ['train/out-of-memory', 'engine/out-of-memory', 'engine/device-lost'] as const)
    assert.deepEqual(next(error(code))?.job, { ...job, fit: { ...whole, recompute: 'maps' }, resume: true });
  const killed = error('trainer/died', "The trainer's process must run to its end, got signal SIGKILL.");
  assert.deepEqual(next(killed, 0, 0)?.job, { ...job, fit: { ...whole, recompute: 'maps' }, resume: false });
  assert.match(
    next(killed, 0, 0)?.notice ?? '',
    /^Memory was too small .* Starting again with patch 64x64x32 and 2 \+ 2 patches a step, some maps computed again/,
  );
  assert.equal(next(killed, 1), null);
  assert.equal(next(error('trainer/died', 'got signal SIGSEGV'), 0), null);
  assert.ok(next(error('trainer/died', 'got signal SIGABRT: JavaScript heap out of memory')));
  assert.equal(next(error('disk/full')), null);
  assert.equal(next({ type: 'finished', step: 9, seconds: 1 }), null);
  assert.equal(afterFailure(job, killed, { steps: 0, checkpoint: 0 }), null);
});
