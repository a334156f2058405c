import { test } from 'node:test';
import type { MethodName, Processes } from '../../src/core/options.ts';
import { testKernels } from './engine.ts';
import { loadGolden } from './golden.ts';
import { checkSteps, type StepFacts } from './stepping.ts';

interface Facts extends StepFacts {
  cases: {
    method: MethodName;
    options: { processes?: Processes; mean_teacher?: boolean; confidence?: number };
    losses: Record<string, number>[];
  }[];
}

const golden = loadGolden<Facts>('method-steps');
const CLASSES = 2;
const { name: engine, kernels } = await testKernels();

golden.facts.cases.forEach(({ method, options, losses }, n) => {
  test(`three training steps equal PyTorch's: ${method} ${JSON.stringify(options)} (${engine})`, () => {
    const meanTeacherTerm = options.mean_teacher ? ('on' as const) : ('off' as const);
    const given = { method, processes: options.processes, meanTeacherTerm, confidence: options.confidence };
    return checkSteps(golden, n, given, CLASSES, losses, kernels, () => 1e-3);
  });
});
