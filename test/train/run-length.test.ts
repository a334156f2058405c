import assert from 'node:assert/strict';
import test from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { largestPatch } from '../../src/core/train/fit-patch.ts';
import { plannedSteps } from '../../src/core/train/run-length.ts';

const GRIDS = {
  hippocampus: { sizes: [[35, 50, 36]], voxel: [1, 1, 1] },
  'left atrium, 2.5 mm': { sizes: [[48, 36, 22]], voxel: [2.5, 2.5, 2.5] },
  'left atrium, 1.25 mm': { sizes: [[97, 71, 44]], voxel: [1.25, 1.25, 1.25] },
  'cardiac cine': { sizes: [[216, 256, 10]], voxel: [1.5, 1.5, 10] },
  'abdominal CT': { sizes: [[320, 320, 160]], voxel: [1.4, 1.4, 3] },
} as const;
type Name = keyof typeof GRIDS;

const steps = (name: Name, given: Parameters<typeof resolveOptions>[0] = {}) =>
  plannedSteps({ ...resolveOptions(given), voxel: GRIDS[name].voxel }, GRIDS[name].sizes);

test('where steps are auto a run of any scans learns from as many voxels, four times as many for each longer length', () => {
  const learned = (name: Name, length: 'quick' | 'good' | 'best') => {
    const asked = resolveOptions({ length });
    const [x, y, z] = largestPatch({ ...asked, voxel: GRIDS[name].voxel }, GRIDS[name].sizes);
    return 2 * x * y * z * steps(name, { length });
  };
  for (const name of Object.keys(GRIDS) as Name[]) {
    const good = learned(name, 'good');
    const capped = steps(name) === 6000;
    assert.ok(capped || Math.abs(good / learned('cardiac cine', 'good') - 1) < 0.1, `${name}: ${good}`);
    assert.ok(capped || Math.abs(learned(name, 'quick') / good - 0.25) < 0.05, name);
    assert.ok(capped || learned(name, 'best') > 1.2 * good, name);
    assert.equal(steps(name) % 100, 0);
  }
  assert.ok(steps('hippocampus') > 2 * steps('left atrium, 1.25 mm'));
});

test('steps that are told stay; smaller patches and coarse steps leave room for more', () => {
  const name = 'left atrium, 1.25 mm';
  assert.equal(steps(name, { steps: 700 }), 700);
  assert.ok(steps(name, { coarseShare: 0.5 }) > steps(name));
  assert.ok(steps(name, { patch: [32, 32, 16] }) > steps(name));
  const patch = [96, 80, 48] as const;
  const supervised = steps(name, { method: 'supervised', labelledPerStep: 2, patch });
  assert.ok(
    Math.abs(supervised / steps(name, { patch }) - 1) < 0.1,
    'a step of two labelled patches costs about as much',
  );
});

test('auto is an allowed value of steps and of no other number', () => {
  assert.equal(resolveOptions({}).steps, 'auto');
  assert.throws(() => resolveOptions({ width: 'auto' as never }), { code: 'option/invalid' });
  assert.throws(() => resolveOptions({ steps: 'some' as never }), {
    code: 'option/invalid',
    message: /auto or a whole number/,
  });
});

test('small structures: more steps of smaller patches, with what else they need unless somebody said otherwise', () => {
  const small = resolveOptions({ smallStructures: 'on' });
  assert.deepEqual([small.region, small.foregroundShare, small.diceClasses], ['auto', 0.33, 'present']);
  const few = resolveOptions({ smallStructures: 'few' });
  assert.deepEqual([few.region, few.foregroundShare, few.diceClasses], ['auto', 0.33, 'all']);
  const own = resolveOptions({ smallStructures: 'on', region: 'off', foregroundShare: 0 });
  assert.deepEqual([own.region, own.foregroundShare, own.diceClasses], ['off', 0, 'present']);
  const usual = resolveOptions({});
  assert.deepEqual([usual.region, usual.foregroundShare, usual.diceClasses], ['off', 0, 'all']);
  const name = 'abdominal CT';
  const voxels = (given: Parameters<typeof resolveOptions>[0]) => {
    const [x, y, z] = largestPatch({ ...resolveOptions(given), voxel: GRIDS[name].voxel }, GRIDS[name].sizes);
    return x * y * z;
  };
  for (const network of ['planned', 'unet', 'vnet'] as const) {
    const least = 0.6 * 64 * 64 * 32;
    const found = voxels({ smallStructures: 'on', network });
    assert.ok(found > least && found <= 64 * 64 * 32, `${network}: ${found}`);
    assert.ok(voxels({ network }) > 2 * found, network);
  }
  assert.ok(steps(name, { smallStructures: 'on' }) > 3 * steps(name));
  assert.ok(
    voxels({ smallStructures: 'on', patch: [96, 96, 48] }) === 96 * 96 * 48,
    'a patch that was asked for stays',
  );
});
