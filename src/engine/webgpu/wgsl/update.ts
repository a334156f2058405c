/** Updates of weights. */
import { buffers, eachElement, type Program, parameters, program } from '../program.ts';

/** Adam as in core's `AdamRule`, four values a thread. Parameters: fours, then the rule's factors. */
export const adam: Program = program(
  'adam',
  4,
  3,
  () => `${parameters(
    'count',
    'scale: f32',
    'b1: f32',
    'a1: f32',
    'b2: f32',
    'a2: f32',
    'c1: f32',
    'c2: f32',
    'kept: f32',
    'rate: f32',
    'epsilon: f32',
  )}
${buffers(
  ['theta', 'first', 'second', 'gradient'].map((name) => [name, 'vec4<f32>']),
  ['newTheta', 'newFirst', 'newSecond'].map((name) => [name, 'vec4<f32>']),
)}
${eachElement(
  'p.count',
  `  let g = gradient[i] * p.scale;
  let m = p.b1 * first[i] + p.a1 * g;
  let v = p.b2 * second[i] + p.a2 * (g * g);
  newTheta[i] = p.kept * theta[i] - p.rate * ((m / p.c1) / (sqrt(v / p.c2) + p.epsilon));
  newFirst[i] = m;
  newSecond[i] = v;`,
)}`,
);

/** out = f0 a + f1 b of two pairs of tensors, one after the other. Parameters: fours of both, fours of the first, f0, f1. */
export const pairedSums: Program = program(
  'weighted sums of two pairs',
  4,
  2,
  () => `${parameters('count', 'first', 'f0: f32', 'f1: f32')}
${buffers(
  ['a0', 'b0', 'a1', 'b1'].map((name) => [name, 'vec4<f32>']),
  ['out0', 'out1'].map((name) => [name, 'vec4<f32>']),
)}
${eachElement(
  'p.count',
  `  if (i < p.first) { out0[i] = p.f0 * a0[i] + p.f1 * b0[i]; return; }
  let j = i - p.first;
  out1[j] = p.f0 * a1[j] + p.f1 * b1[j];`,
)}`,
);
