import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultStride, slidingWindow } from '../../src/core/predict/sliding-window.ts';
import {
  decodeCheckpoint,
  encodeNetwork,
  membersOf,
  networkOf,
  predictingMembersOf,
} from '../../src/core/train/checkpoint.ts';
import { joinMembers, splitMembers, turnAt, turnsOf } from '../../src/core/train/members.ts';
import { disposeAll } from '../../src/core/train/optimiser.ts';
import { predictorsOf } from '../../src/core/train/state.ts';
import { costFrom, stepCost } from '../../src/core/train/step-cost.ts';
import { labelled } from './helpers.ts';
import { engine, kernels, run, SETTLED } from './short-run.ts';

const BOTH = { method: 'mean-teacher', unlabelledFrom: 0.5 } as const;

test('the steps of a run are shared equally, none is left out and none counted twice', () => {
  for (const [steps, ensemble] of [
    [4, 2],
    [2000, 3],
    [7, 4],
    [8, 8],
  ]) {
    const turns = turnsOf({ steps, ensemble });
    assert.equal(
      turns.reduce((sum, turn) => sum + turn.steps, 0),
      steps,
    );
    for (const turn of turns) {
      assert.ok(Math.abs(turn.steps - steps / ensemble) < 1, `${turn.steps} of ${steps} for one of ${ensemble}`);
      assert.deepEqual(turnAt(turn.first, { steps, ensemble }), turn);
      assert.deepEqual(turnAt(turn.first + turn.steps - 1, { steps, ensemble }), turn);
    }
  }
  assert.deepEqual(turnsOf({ steps: 5 }), [{ member: 0, first: 0, steps: 5 }]);
});

test('a run of two networks takes the time of two runs of half the steps', () => {
  const options = { method: 'bcp', labelledPerStep: 1, unlabelledPerStep: 1, unlabelledBranch: 'student' } as const;
  const [two, one] = [
    { ...options, steps: 8, ensemble: 2 },
    { ...options, steps: 4 },
  ].map((o) => ({ ...o, unlabelledFrom: 0.5 }));
  assert.equal(costFrom(0, two), 2 * costFrom(0, one));
  assert.equal(costFrom(6, two), costFrom(2, one));
  for (let step = 0; step < 8; step++) assert.equal(stepCost(step, two), stepCost(step % 4, one));
});

test(`the first of two networks is that of a run of half the steps, and the second another (${engine})`, async () => {
  const two = decodeCheckpoint((await run({ ...BOTH, ensemble: 2 })).saved);
  const one = decodeCheckpoint((await run({ ...BOTH, steps: 2 })).saved);
  const [first, second] = membersOf(two, 'student');
  assert.deepEqual(first, networkOf(one, 'student'));
  assert.deepEqual(Object.keys(second), Object.keys(first));
  assert.notDeepEqual(second['out.weight'].values, first['out.weight'].values);
  const teachers = decodeCheckpoint((await run({ ...BOTH, ensemble: 2, predictWith: 'teacher' })).saved);
  assert.deepEqual(membersOf(teachers, 'teacher')[0], networkOf(one, 'teacher'));
});

test(`two networks predict the mean of their probabilities (${engine})`, async () => {
  const members = predictorsOf(decodeCheckpoint((await run({ ...BOTH, ensemble: 2 })).saved));
  const { patch } = SETTLED;
  const [{ size, readImage }] = labelled;
  const image = readImage([0, 0, 0], size);
  const maps = (weights: Parameters<typeof slidingWindow>[2]) =>
    slidingWindow(image, size, weights, kernels, {
      patch: [...patch],
      stride: defaultStride([...patch]),
      network: 'unet',
    });
  const [both, first, second] = [await maps(members), await maps(members[0]), await maps(members[1])];
  let unlike = 0;
  for (const [label, map] of both.entries())
    for (let i = 0; i < map.length; i++) {
      const mean = (first[label][i] + second[label][i]) / 2;
      assert.ok(Math.abs(map[i] - mean) < 1e-6, `voxel ${i} of label ${label}: ${map[i]} where the mean is ${mean}`);
      if (Math.abs(first[label][i] - second[label][i]) > 1e-3) unlike++;
    }
  assert.ok(unlike > 0, 'the networks must not agree everywhere');
  members.forEach(disposeAll);
});

test(`of a run that ended on the way the networks that are whole predict, and its only one whatever it learned (${engine})`, async () => {
  const { saved } = await run({ ...BOTH, ensemble: 2 }, undefined, 3);
  const [first] = membersOf(decodeCheckpoint(saved), 'student');
  assert.deepEqual(predictingMembersOf(decodeCheckpoint(saved)), [first]);
  const begun = decodeCheckpoint((await run({ ...BOTH, ensemble: 2 }, undefined, 1)).saved);
  assert.deepEqual(predictingMembersOf(begun), membersOf(begun, 'student'));
  const whole = decodeCheckpoint((await run({ ...BOTH, ensemble: 2 })).saved);
  assert.equal(predictingMembersOf(whole).length, 2);
});

test(`a run starts each of its networks from the one of that place, or all from the only one (${engine})`, async () => {
  const from = decodeCheckpoint((await run({ ...BOTH, ensemble: 2 })).saved);
  const members = membersOf(from, 'student');
  const { step, options, classes } = from.meta;
  const travelling = encodeNetwork(joinMembers(members), { step, options, classes });
  assert.deepEqual(membersOf(decodeCheckpoint(travelling), 'student'), members);
  const still = { method: 'supervised', optimiser: 'sgd', learningRate: 1e-7, weightDecay: 0, steps: 2 } as const;
  const near = (given: Parameters<typeof run>[0], start: Uint8Array) =>
    run(given, undefined, Number.POSITIVE_INFINITY, undefined, start).then(({ saved }) =>
      membersOf(decodeCheckpoint(saved), 'student').map((member) => member['out.weight'].values),
    );
  const [a, b] = members.map((member) => member['out.weight'].values);
  const close = (x: Float32Array, y: Float32Array) => x.every((v, i) => Math.abs(v - y[i]) < 1e-6);
  const [first, second] = await near({ ...still, ensemble: 2 }, travelling);
  assert.ok(close(first, a) && close(second, b) && !close(a, b));
  const alone = encodeNetwork(members[1], { step, options, classes });
  const same = await near({ ...still, ensemble: 2 }, alone);
  assert.ok(same.every((values) => close(values, b)));
});

test('members keep their names on a way through a model file', () => {
  const tensor = (value: number) => ({ shape: [1], values: Float32Array.of(value) });
  const members = [1, 2, 3].map((n) => ({ 'out.bias': tensor(n), 'down0.conv1.weight': tensor(-n) }));
  const joined = joinMembers(members);
  assert.deepEqual(
    Object.keys(joined).filter((name) => name.endsWith('out.bias')),
    ['member.1/out.bias', 'member.2/out.bias', 'out.bias'],
  );
  assert.deepEqual(splitMembers(joined), members);
  assert.deepEqual(splitMembers(members[0]), [members[0]]);
});
