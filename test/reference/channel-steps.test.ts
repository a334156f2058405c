import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MethodName, PAPER_READING } from '../../src/core/options.ts';
import { testKernels } from './engine.ts';
import { loadGolden } from './golden.ts';
import { checkSteps, type StepFacts } from './stepping.ts';

interface Facts extends StepFacts {
  cases: { method: MethodName; losses: Record<string, number | null>[] }[];
}

const golden = loadGolden<Facts>('channel-steps');
const { name: engine, kernels } = await testKernels();

golden.facts.cases.forEach(({ method, losses }, n) => {
  test(`three training steps on three channels equal PyTorch's: ${method} (${engine})`, () => {
    assert.equal(golden.facts.inputChannels, 3);
    const { unlabelledBranch, prototypeFeatures } = PAPER_READING;
    return checkSteps(golden, n, { method, unlabelledBranch, prototypeFeatures }, 2, losses, kernels, () => 1e-4);
  });
});
