/** The CT window of a run: chosen by a user, or the preset's and as wide as the labels need. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeCheckpoint } from '../../src/core/train/checkpoint.ts';
import { LabelIntensities } from '../../src/core/train/label-intensities.ts';
import type { Normalisation } from '../../src/shared/training.ts';
import { job, play } from './trainer-runs.ts';

/** Voxels of one label, 1, with these intensities. */
function held(...values: number[]): LabelIntensities {
  const one = new LabelIntensities(3);
  one.add(Float32Array.from([...values, 9000]), Uint8Array.from([...values.map(() => 1), 0]));
  return one;
}

test('a range that clips most of a label is widened to nearly all that this holds, in steps of 25 HU, and never narrowed', () => {
  assert.deepEqual(held(120, 130, 174, 900).widen([-75, 175]), [-75, 175]);
  assert.deepEqual(held(120, 176, 180).widen([-75, 175]), [-75, 200]);
  assert.deepEqual(held(-90, -80, 130).widen([-75, 175]), [-100, 175]);
  const noisy = held(...Array.from({ length: 1000 }, (_, n) => (n < 4 ? 3000 : 150)));
  assert.deepEqual(noisy.widen([-75, 175]), [-75, 175]);
  assert.deepEqual(new LabelIntensities(2).widen([-75, 175]), [-75, 175]);
  const both = held(...Array.from({ length: 1000 }, () => 150));
  both.add([400, 20_000, Number.NaN], Uint8Array.from([2, 255, 2]));
  assert.deepEqual(both.widen([-75, 175]), [-75, 400]);
});

test('the share of a label that a range clips', () => {
  assert.deepEqual(held(0, 100, 200, 300).clipped([0, 200]), [0.25, 0]);
  assert.deepEqual(held(0, 100, 200, 300).clipped([-2000, 9000]), [0, 0]);
});

const short = { method: 'supervised', steps: 1 } as const;
const run = async (name: string, normalisation: Normalisation, startFrom?: string) => {
  const training = { ...job(name, short), normalisation, ...(startFrom && { startFrom }) };
  const { last, events } = await play(training);
  assert.ok(last.type === 'finished' && last.checkpoint, JSON.stringify(last));
  return {
    checkpoint: last.checkpoint,
    channels: decodeCheckpoint(readFileSync(last.checkpoint)).meta.channels,
    kept: JSON.parse(readFileSync(join(training.runFolder, 'normalisation.json'), 'utf8')),
    notices: events.flatMap((e) => (e.type === 'notice' ? [e.message] : [])).filter((m) => m.includes(' HU')),
  };
};

// The ball is of 260 to 340, its surroundings of 60 to 140.
test('a run whose range nobody chose sees what tells its labels apart, says so, and hands that on', async () => {
  const widened = { kind: 'ct', clip: [-75, 350] };
  const first = await run('range-widened', { kind: 'ct', clip: [-75, 175], widen: true });
  assert.deepEqual([first.channels?.[0].normalisation, first.kept], [widened, widened]);
  assert.deepEqual(first.notices, [
    "Most of a label lies outside the preset's -75 to 175 HU: training clips to -75 to 350 HU.",
  ]);
  const next = await run('range-from', { kind: 'ct', clip: [-500, 175], widen: true }, first.checkpoint);
  assert.deepEqual([next.channels?.[0].normalisation, next.notices], [widened, []]);
});

test('a chosen range stays, and that it clips a label is said', async () => {
  const { channels, notices } = await run('range-chosen', { kind: 'ct', clip: [-75, 175] });
  assert.deepEqual(channels?.[0].normalisation, { kind: 'ct', clip: [-75, 175] });
  assert.equal(notices.length, 1);
  assert.match(
    notices[0],
    /^100 % of ball lies outside -75 to 175 HU, where training sees no differences: .*`decile range DIR -- -75,350`/,
  );
});
