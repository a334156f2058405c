/** Reductions of the middle of [outer, middle, inner], and what looks along one axis: extremes' places, softmax, running sums. */
import type { WgslType } from '../backend.ts';
import { buffers, eachElement, eachGroup, extremeOf, isNan, type Program, parameters, program } from '../program.ts';

/** Threads of a group that reduces one chunk. */
export const THREADS = 128;

export interface Reduction {
  name: string;
  /** The result of nothing. */
  start: Record<WgslType, number>;
  /** Of `a` and `b`. */
  join: string;
}

/**
 * One thread a result. Parameters: results, middle, inner, factor of the result (floats), the result of nothing.
 */
export const reducePlain = ({ name, join }: Reduction, T: WgslType): Program =>
  program(
    `${name} ${T} plain`,
    1,
    1,
    () => `${parameters('count', 'middle', 'inner', 'factor: f32', `start: ${T}`)}
${buffers([['x', T]], [['out', T]])}
${isNan(T)}
fn f(a: ${T}, b: ${T}) -> ${T} { return ${join}; }
${eachElement(
  'p.count',
  `  var at = i / p.inner * p.middle * p.inner + i % p.inner;
  var sum: ${T} = p.start;
  for (var m = 0u; m < p.middle; m++) { sum = f(sum, x[at]); at += p.inner; }
  out[i] = ${T === 'f32' ? 'sum * p.factor' : 'sum'};`,
)}`,
  );

/**
 * A group reduces a chunk of the middle for `columns` of the inner values. Writes [outer, chunks, inner].
 * Parameters: outer, middle, inner, chunk, chunks, columns, rows, half (a power of two, 2 half >= rows), parts of inner, factor, the result of nothing.
 */
export const reduceChunks = ({ name, join }: Reduction, T: WgslType): Program =>
  program(
    `${name} ${T} chunks`,
    1,
    1,
    () => `${parameters('outer', 'middle', 'inner', 'chunk', 'chunks', 'columns', 'rows', 'half', 'parts', 'factor: f32', `start: ${T}`)}
${buffers([['x', T]], [['out', T]])}
var<workgroup> sums: array<${T}, ${THREADS}>;
${isNan(T)}
fn f(a: ${T}, b: ${T}) -> ${T} { return ${join}; }
${eachGroup(
  THREADS,
  'p.outer * p.chunks * p.parts',
  `
  let part = id % p.parts;
  let chunk = (id / p.parts) % p.chunks;
  let o = id / (p.parts * p.chunks);
  let row = local / p.columns;
  let column = part * p.columns + local % p.columns;
  let works = row < p.rows && column < p.inner;
  let end = min((chunk + 1u) * p.chunk, p.middle);
  var sum: ${T} = p.start;
  if (works) {
    for (var m = chunk * p.chunk + row; m < end; m += p.rows) { sum = f(sum, x[(o * p.middle + m) * p.inner + column]); }
  }
  sums[local] = sum;
  for (var s = p.half; s > 0u; s /= 2u) {
    workgroupBarrier();
    if (row < s && row + s < p.rows) { sums[local] = f(sums[local], sums[local + s * p.columns]); }
  }
  if (works && row == 0u) { out[(o * p.chunks + chunk) * p.inner + column] = ${T === 'f32' ? 'sums[local] * p.factor' : 'sums[local]'}; }`,
)}`,
  );

/** Index of the first extreme. Parameters: results, middle, inner. */
export const extremePlace = (better: '<' | '>', T: WgslType): Program =>
  program(
    `place ${better} ${T}`,
    1,
    1,
    () => `${parameters('count', 'middle', 'inner')}
${buffers([['x', T]], [['out', 'i32']])}
${eachElement(
  'p.count',
  `  let first = i / p.inner * p.middle * p.inner + i % p.inner;
  var best = 0u;
  var value = x[first];
  for (var m = 1u; m < p.middle; m++) {
    let other = x[first + m * p.inner];
    if (other ${better} value) { value = other; best = m; }
  }
  out[i] = i32(best);`,
)}`,
  );

/** Softmax, or its logarithm, of rows of `n`. Parameters: rows, n. */
export const softmaxRows = (logarithm: boolean): Program =>
  program(
    `softmax ${logarithm}`,
    1,
    1,
    () => `${parameters('count', 'n')}
${buffers([['x', 'f32']], [['out', 'f32']])}
${isNan('f32')}
fn larger(a: f32, b: f32) -> f32 { return ${extremeOf('max')}; }
${eachElement(
  'p.count',
  `  let first = i * p.n;
  var most = x[first];
  for (var j = 1u; j < p.n; j++) { most = larger(most, x[first + j]); }
  var sum = 0.0;
  for (var j = 0u; j < p.n; j++) { sum += exp(x[first + j] - most); }
  for (var j = 0u; j < p.n; j++) {
    let value = x[first + j] - most;
    out[first + j] = ${logarithm ? 'value - log(sum)' : 'exp(value) / sum'};
  }`,
)}`,
  );

/** Running sums. Parameters: lines, middle, inner, exclusive, reverse. */
export const runningSum = (T: WgslType): Program =>
  program(
    `cumsum ${T}`,
    1,
    1,
    () => `${parameters('count', 'middle', 'inner', 'exclusive', 'reverse')}
${buffers([['x', T]], [['out', T]])}
${eachElement(
  'p.count',
  `  let first = i / p.inner * p.middle * p.inner + i % p.inner;
  var sum = ${T}(0);
  for (var m = 0u; m < p.middle; m++) {
    let at = first + select(m, p.middle - 1u - m, p.reverse != 0u) * p.inner;
    let value = x[at];
    out[at] = select(sum + value, sum, p.exclusive != 0u);
    sum += value;
  }`,
)}`,
  );
