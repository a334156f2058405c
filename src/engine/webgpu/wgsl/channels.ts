/** Class maps [C, n]: softmax over the classes, its gradient, and the largest class as one-hot; one thread a voxel. */
import { buffers, eachElement, extremeOf, isNan, type Program, parameters, program } from '../program.ts';

const larger = `${isNan('f32')}
fn larger(a: f32, b: f32) -> f32 { return ${extremeOf('max')}; }`;

const perVoxel = (name: string, reads: string[], result: string, body: string): Program =>
  program(
    name,
    reads.length,
    1,
    () => `${parameters('n', 'classes')}
${buffers(
  reads.map((read) => [read, 'f32']),
  [[result, 'f32']],
)}
${larger}
${eachElement('p.n', body, 'v')}`,
  );

export const softmaxOfClasses: Program = perVoxel(
  'softmax of classes',
  ['z'],
  'q',
  `  var most = z[v];
  for (var c = 1u; c < p.classes; c++) { most = larger(most, z[c * p.n + v]); }
  var all = 0.0;
  for (var c = 0u; c < p.classes; c++) {
    let e = exp(z[c * p.n + v] - most);
    q[c * p.n + v] = e;
    all += e;
  }
  for (var c = 0u; c < p.classes; c++) { q[c * p.n + v] /= all; }`,
);

/** dz = q (dq - sum_c q dq) */
export const softmaxOfClassesGrad: Program = perVoxel(
  'softmax of classes grad',
  ['q', 'dq'],
  'dz',
  `  var dot = 0.0;
  for (var c = 0u; c < p.classes; c++) { dot += q[c * p.n + v] * dq[c * p.n + v]; }
  for (var c = 0u; c < p.classes; c++) { dz[c * p.n + v] = q[c * p.n + v] * (dq[c * p.n + v] - dot); }`,
);

/** Ties go to the lower class. */
export const largestClass: Program = perVoxel(
  'largest class',
  ['z'],
  'y',
  `  var winner = 0u;
  for (var c = 1u; c < p.classes; c++) { if (z[c * p.n + v] > z[winner * p.n + v]) { winner = c; } }
  for (var c = 0u; c < p.classes; c++) { y[c * p.n + v] = f32(c == winner); }`,
);
