/** L_s of one image in one pass over its voxels, its end, and its gradient (src/core/loss/supervised-kernel.ts). Maps are [C, n]. */
import { buffers, eachElement, eachGroup, extremeOf, isNan, type Program, parameters, program } from '../program.ts';

/** Threads of a group that sums over voxels. */
export const LOSS_THREADS = 128;

/** The sum of a value over the threads of a group, known to all. */
const TOTAL = `
var<workgroup> sums: array<f32, ${LOSS_THREADS}>;
fn total(local: u32, value: f32) -> f32 {
  workgroupBarrier();
  sums[local] = value;
  for (var s = ${LOSS_THREADS / 2}u; s > 0u; s /= 2u) {
    workgroupBarrier();
    if (local < s) { sums[local] += sums[local + s]; }
  }
  workgroupBarrier();
  return sums[0];
}`;

/** Exponentials `e` above the largest logit `most` of voxel `v`, their sum `all`, and the mask's sum `m`. */
const softmax = (classes: number): string => `
    var most = z[v];
    for (var c = 1u; c < ${classes}u; c++) { most = larger(most, z[c * p.n + v]); }
    var e: array<f32, ${classes}>;
    var all = 0.0;
    var m = 0.0;
    for (var c = 0u; c < ${classes}u; c++) {
      e[c] = exp(z[c * p.n + v] - most);
      all += e[c];
      m += y[c * p.n + v];
    }`;

const larger = `${isNan('f32')}
fn larger(a: f32, b: f32) -> f32 { return ${extremeOf('max')}; }`;

/**
 * Sums of a chunk of voxels: drawn ones, cross-entropy, and q y, q^2, y^2 of each class, to row `first` + chunk of [chunks, 2 + 3 C].
 * Parameters: voxels, voxels a chunk, chunks, first row.
 */
export const supervisedSums = (classes: number): Program =>
  program(
    `loss sums ${classes}`,
    2,
    1,
    () => `${parameters('n', 'chunk', 'chunks', 'first')}
${buffers(
  [
    ['z', 'f32'],
    ['y', 'f32'],
  ],
  [['partials', 'f32']],
)}
${larger}${TOTAL}
${eachGroup(
  LOSS_THREADS,
  'p.chunks',
  `
  let end = min((id + 1u) * p.chunk, p.n);
  var drawn = 0.0;
  var entropy = 0.0;
  var own: array<f32, ${classes}>;
  var squares: array<f32, ${classes}>;
  var masks: array<f32, ${classes}>;
  for (var v = id * p.chunk + local; v < end; v += ${LOSS_THREADS}u) {${softmax(classes)}
    drawn += m;
    entropy += log(all) * m;
    for (var c = 0u; c < ${classes}u; c++) {
      let mask = y[c * p.n + v];
      let q = m * e[c] / all;
      entropy -= (z[c * p.n + v] - most) * mask;
      own[c] += q * mask;
      squares[c] += q * q;
      masks[c] += mask * mask;
    }
  }
  let row = (p.first + id) * ${2 + 3 * classes}u;
  let voxels = total(local, drawn);
  let nats = total(local, entropy);
  if (local == 0u) { partials[row] = voxels; partials[row + 1u] = nats; }
  for (var c = 0u; c < ${classes}u; c++) {
    let a = total(local, own[c]);
    let b = total(local, squares[c]);
    let d = total(local, masks[c]);
    if (local == 0u) { partials[row + 2u + 3u * c] = a; partials[row + 3u + 3u * c] = b; partials[row + 4u + 3u * c] = d; }
  }`,
)}`,
  );

/** From the sums of all chunks to L_s and the factors of its gradient; one group. Parameters: rows, epsilon (a float), whether the Dice of classes without a voxel counts. */
export const supervisedEnd = (classes: number): Program =>
  program(
    `loss end ${classes}`,
    1,
    2,
    () => `${parameters('rows', 'epsilon: f32', 'all')}
${buffers(
  [['partials', 'f32']],
  [
    ['value', 'f32'],
    ['factors', 'f32'],
  ],
)}${TOTAL}
fn column(local: u32, at: u32) -> f32 {
  var sum = 0.0;
  for (var row = local; row < p.rows; row += ${LOSS_THREADS}u) { sum += partials[row * ${2 + 3 * classes}u + at]; }
  return total(local, sum);
}
${eachGroup(
  LOSS_THREADS,
  '1u',
  `
  let voxels = max(column(local, 0u), 1.0);
  let nats = column(local, 1u);
  var counted = 0.0;
  for (var c = 0u; c < ${classes}u; c++) {
    let masks = column(local, 4u + 3u * c);
    counted += select(0.0, 1.0, p.all == 1u || masks > 0.0);
  }
  counted = max(counted, 1.0);
  var lost = 0.0;
  for (var c = 0u; c < ${classes}u; c++) {
    let own = column(local, 2u + 3u * c);
    let squares = column(local, 3u + 3u * c);
    let masks = column(local, 4u + 3u * c);
    let d = squares + masks + p.epsilon;
    let fraction = (2.0 * own + p.epsilon) / d;
    let counts = p.all == 1u || masks > 0.0;
    lost += select(0.0, (1.0 - fraction) / counted, counts);
    if (local == 0u) { factors[1u + 2u * c] = select(0.0, 1.0 / (counted * d), counts); factors[2u + 2u * c] = select(0.0, fraction, counts); }
  }
  if (local == 0u) {
    factors[0] = 0.5 / voxels;
    value[0] = 0.5 * nats / voxels + 0.5 * lost;
  }`,
)}`,
  );

/** dz of one image. Parameters: voxels. */
export const supervisedGrad = (classes: number): Program =>
  program(
    `loss grad ${classes}`,
    4,
    1,
    () => `${parameters('n')}
${buffers(
  ['z', 'y', 'factors', 'dy'].map((name) => [name, 'f32']),
  [['dz', 'f32']],
)}
${larger}
${eachElement(
  'p.n',
  `  let v = i;${softmax(classes)}
    var dot = 0.0;
    for (var c = 0u; c < ${classes}u; c++) {
      e[c] /= all;
      let g = factors[1u + 2u * c] * m * (m * e[c] * factors[2u + 2u * c] - y[c * p.n + v]);
      dot += e[c] * g;
    }
    for (var c = 0u; c < ${classes}u; c++) {
      let mask = y[c * p.n + v];
      let g = factors[1u + 2u * c] * m * (m * e[c] * factors[2u + 2u * c] - mask);
      dz[c * p.n + v] = dy[0] * (e[c] * (g - dot) + factors[0] * (e[c] * m - mask));
    }`,
)}`,
  );
