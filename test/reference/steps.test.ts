import { test } from 'node:test';
import {
  type MethodName,
  PAPER_READING,
  type PrototypeFeatures,
  type UnlabelledBranch,
} from '../../src/core/options.ts';
import { testKernels } from './engine.ts';
import { loadGolden } from './golden.ts';
import { checkSteps, type StepFacts } from './stepping.ts';

interface Facts extends StepFacts {
  cases: {
    name: string;
    classes: number;
    options: { method: MethodName; branch?: UnlabelledBranch; features?: PrototypeFeatures };
    losses: Record<string, number | null>[];
  }[];
}

const golden = loadGolden<Facts>('steps');
const { name: engine, kernels } = await testKernels();

golden.facts.cases.forEach(({ name, classes, options, losses }, n) => {
  test(`five training steps equal PyTorch's: ${name} (${engine})`, () => {
    const { method, branch = PAPER_READING.unlabelledBranch, features = PAPER_READING.prototypeFeatures } = options;
    const given = { method, unlabelledBranch: branch, prototypeFeatures: features };
    return checkSteps(golden, n, given, classes, losses, kernels, () => 1e-4);
  });
});
