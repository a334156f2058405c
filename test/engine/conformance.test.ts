/** TensorFlow.js' own tests of the ops that networks are made of, on our engines (all of them: `npm run bench -- tfjs`). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformance } from '../../bench/tfjs.ts';
import { startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();

const OPS =
  'ops/(arithmetic|add_n|cast|clip|compare|concat|conv3d|cumsum|exp|expand_dims|mat_mul|max|relu|reverse|slice|softmax|stack|sum)';

for (const [engine, left] of [
  ['simd', false],
  ['webgpu', skip],
] as const)
  test(`TensorFlow.js' tests find ${engine} right, or it refuses by name`, { skip: left }, async () => {
    const { tally, verdicts } = await conformance(engine, OPS);
    assert.deepEqual(
      verdicts.filter(({ outcome }) => outcome === 'wrong' || outcome === 'crashed'),
      [],
    );
    assert.ok(tally.passed > 400, `${tally.passed} passed`);
    assert.ok(tally.refused < 0.2 * tally.tests, `${tally.refused} of ${tally.tests} refused`);
  });
