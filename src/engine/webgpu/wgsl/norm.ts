/**
 * Instance norm with ReLU and its gradient. Statistics are those of chunks of voxels, each with its own mean (so that
 * nothing cancels), joined in a second pass.
 */
import { LEAK } from '../../../core/network/kernels.ts';
import { buffers, eachElement, eachGroup, isNan, type Program, parameters, program } from '../program.ts';

/** Threads of a group that sums over voxels. */
const THREADS = 128;

/** Adds `sums[local]` over the rows of a group; `columns` threads a row, `rows` rows. The sum ends in row 0. */
const addRows = `
    for (var s = p.half; s > 0u; s /= 2u) {
      workgroupBarrier();
      if (row < s && row + s < p.rows) { sums[local] += sums[local + s * p.columns]; }
    }
    workgroupBarrier();`;

/** What a chunk gives to the two sums of its channel, and what becomes of the means `one` and `two`. */
interface Join {
  name: string;
  writes: string[];
  first: string;
  second: string;
  end: string;
}

const MOMENTS: Join = {
  name: 'moments',
  writes: ['mean', 'scale'],
  first: 'count * value',
  second: 'other + count * (value - one) * (value - one)',
  end: 'mean[id] = one; scale[id] = 1.0 / sqrt(two + p.epsilon);',
};
const SLOPES: Join = {
  name: 'slopes',
  writes: ['mean1', 'mean2'],
  first: 'value',
  second: 'other',
  end: 'mean1[id] = one; mean2[id] = two;',
};

const SUMS: Join = {
  name: 'sums',
  writes: ['sum1', 'sum2', 'means'],
  first: 'value',
  second: 'other',
  end: 'sum1[id] = one * f32(p.n); sum2[id] = two * f32(p.n); means[id] = one; means[p.c + id] = two;',
};

/** What a chunk's two sums become: partial sums, or where it is the only one what `join` makes of them. */
const written = (join: Join | undefined, first: string, second: string): string =>
  join
    ? `
  if (works && row == 0u) {
    let id = channel;
    let one = ${first}${join === MOMENTS ? '' : ' / f32(p.n)'};
    let two = ${second} / f32(p.n);
    ${join.end}
  }`
    : `
  if (works && row == 0u) {
    partials[2u * chunk * p.c + channel] = ${first};
    partials[(2u * chunk + 1u) * p.c + channel] = ${second};
  }`;

/** Adds up `sum` and `products` of a chunk's rows, one after the other in the same room, and writes both. */
const writeBothSums = (join: Join | undefined): string => `
  sums[local] = sum;
  {${addRows}
  }
  sum = sums[local];
  workgroupBarrier();
  sums[local] = products;
  {${addRows}
  }${written(join, 'sum', 'sums[local]')}`;

const perChunk = (join: Join | undefined, reads: [string, string][], body: string): string =>
  `${parameters('n', 'c', 'chunk', 'chunks', 'columns', 'rows', 'half', 'parts', 'epsilon: f32')}
${buffers(
  reads,
  (join?.writes ?? ['partials']).map((name) => [name, 'f32']),
)}
var<workgroup> sums: array<f32, ${THREADS}>;
${eachGroup(
  THREADS,
  'p.chunks * p.parts',
  `
  let part = id % p.parts;
  let chunk = id / p.parts;
  let row = local / p.columns;
  let channel = part * p.columns + local % p.columns;
  let works = row < p.rows && channel < p.c;
  let first = chunk * p.chunk;
  let end = min(first + p.chunk, p.n);
  var sum = 0.0;
${body}`,
)}`;

/** A program over chunks that writes partial sums, and one for a single chunk that ends them. */
const overChunks = (
  name: string,
  reads: string[],
  join: Join,
  body: (join: Join | undefined) => string,
): [Program, Program] => {
  const typed = reads.map((read): [string, string] => [read, 'f32']);
  return [
    program(name, reads.length, 1, () => perChunk(undefined, typed, body(undefined))),
    program(`${name}, whole`, reads.length, join.writes.length, () => perChunk(join, typed, body(join))),
  ];
};

/** Mean and sum of squared differences of each channel in each chunk: [chunks, 2, c]; of one, what `joinMoments` gives. */
export const chunkMoments = overChunks(
  'norm moments',
  ['x'],
  MOMENTS,
  (join) =>
    `
  if (works) { for (var v = first + row; v < end; v += p.rows) { sum += x[v * p.c + channel]; } }
  sums[local] = sum;
  {${addRows}
  }
  let own = sums[local % p.columns] / f32(end - first);
  workgroupBarrier();
  sum = 0.0;
  if (works) {
    for (var v = first + row; v < end; v += p.rows) {
      let difference = x[v * p.c + channel] - own;
      sum = fma(difference, difference, sum);
    }
  }
  sums[local] = sum;
  {${addRows}
  }${written(join, 'own', 'sums[local]')}`,
);

/** Sums of g and of g n, g = dy where y > 0, n = y there: [chunks, 2, c]; of one chunk, what `joinSlopes` gives. */
export const chunkSlopes = overChunks(
  'norm slopes',
  ['dy', 'y'],
  SLOPES,
  (join) => `
  var products = 0.0;
  if (works) {
    for (var v = first + row; v < end; v += p.rows) {
      let value = y[v * p.c + channel];
      if (value > 0.0) {
        let slope = dy[v * p.c + channel];
        sum += slope;
        products = fma(slope, value, products);
      }
    }
  }
${writeBothSums(join)}`,
);

/** Sums of g and of g n, g = dy where y > 0 and LEAK dy elsewhere, n = (x - mean) inverse: [chunks, 2, c]; of one, what `joinSums` gives. */
export const chunkLeakySlopes = overChunks(
  'norm leaky slopes',
  ['dy', 'y', 'x', 'mean', 'inverse'],
  SUMS,
  (join) => `
  var products = 0.0;
  if (works) {
    for (var v = first + row; v < end; v += p.rows) {
      let at = v * p.c + channel;
      let g = select(${LEAK} * dy[at], dy[at], y[at] > 0.0);
      sum += g;
      products = fma(g, (x[at] - mean[channel]) * inverse[channel], products);
    }
  }
${writeBothSums(join)}`,
);

/** Up to this many chunks one thread joins a channel; beyond, a group does. */
const FEW = 16;
export const joinsAlone = (chunks: number): boolean => chunks <= FEW;

const terms = (start: string, stride: string, sum: string, value: string): string => `
  for (var i = ${start}; i < p.chunks; i += ${stride}) {
    let count = f32(min(p.chunk, p.n - i * p.chunk));
    let value = partials[2u * i * p.c + id];
    let other = partials[(2u * i + 1u) * p.c + id];
    ${sum} += ${value};
  }`;

const joined = ({ name, writes, first, second, end }: Join, alone: boolean): Program =>
  program(`norm join ${name} ${alone}`, 1, writes.length, () => {
    const head = `${parameters('n', 'c', 'chunk', 'chunks', 'epsilon: f32')}
${buffers(
  [['partials', 'f32']],
  writes.map((write) => [write, 'f32']),
)}`;
    if (alone) {
      const start = eachElement(
        'p.c',
        `  let id = i;
  var a = 0.0;
  var b = 0.0;${terms('0u', '1u', 'a', first)}
  let one = a / f32(p.n);${terms('0u', '1u', 'b', second)}
  let two = b / f32(p.n);
  ${end}`,
      );
      return `${head}
${start}`;
    }
    return `${head}
var<workgroup> sums: array<f32, ${THREADS}>;
fn total(local: u32, value: f32) -> f32 {
  workgroupBarrier();
  sums[local] = value;
  for (var s = ${THREADS / 2}u; s > 0u; s /= 2u) {
    workgroupBarrier();
    if (local < s) { sums[local] += sums[local + s]; }
  }
  workgroupBarrier();
  return sums[0];
}
${eachGroup(
  THREADS,
  'p.c',
  `
  var a = 0.0;
  var b = 0.0;${terms('local', `${THREADS}u`, 'a', first)}
  let one = total(local, a) / f32(p.n);${terms('local', `${THREADS}u`, 'b', second)}
  let two = total(local, b) / f32(p.n);
  if (local == 0u) { ${end} }`,
)}`;
  });

/** Chunks' moments -> mean and 1 / sqrt(variance + epsilon) of each channel. */
export const joinMoments = (chunks: number): Program => joined(MOMENTS, joinsAlone(chunks));

/** Chunks' slopes -> means of g and g n of each channel. */
export const joinSlopes = (chunks: number): Program => joined(SLOPES, joinsAlone(chunks));

/** Chunks' slopes -> sums of g and g n of each channel, and both means [2, c]. */
export const joinSums = (chunks: number): Program => joined(SUMS, joinsAlone(chunks));

/** Four channels at a time where their number allows. */
const lane = (vector: boolean): string => (vector ? 'vec4<f32>' : 'f32');

/** y = max(0, (x - mean) scale); what is no number stays none. Parameters: elements (or fours of them), channels (likewise). */
export const normalise = (vector: boolean): Program => {
  const T = lane(vector);
  return program(`norm relu ${vector}`, 3, 1, () => {
    const reads: [string, string][] = ['x', 'mean', 'scale'].map((name) => [name, T]);
    return `${parameters('count', 'c')}
${buffers(reads, [['y', T]])}
${isNan(T)}
${eachElement('p.count', `  let c = i % p.c;\n  let n = (x[i] - mean[c]) * scale[c];\n  y[i] = select(max(${T}(0.0), n), n, isNan(n));`)}`;
  });
};

/** dx = scale (g - mean1 - n mean2), n = (x - mean) scale. Parameters as `normalise`. */
export const normaliseGrad = (vector: boolean): Program => {
  const T = lane(vector);
  return program(`norm relu grad ${vector}`, 7, 1, () => {
    const reads: [string, string][] = ['dy', 'y', 'x', 'mean', 'scale', 'mean1', 'mean2'].map((name) => [name, T]);
    return `${parameters('count', 'c')}
${buffers(reads, [['dx', T]])}
${eachElement(
  'p.count',
  `  let c = i % p.c;
  let g = select(${T}(0.0), dy[i], y[i] > ${T}(0.0));
  let n = (x[i] - mean[c]) * scale[c];
  dx[i] = scale[c] * (g - mean1[c] - n * mean2[c]);`,
)}`;
  });
};

/** y = max(z, LEAK z), z = (x - mean) inverse scale + shift; what is no number stays none. Parameters as `normalise`. */
export const normaliseLeaky = (vector: boolean): Program => {
  const T = lane(vector);
  return program(`norm leaky ${vector}`, 5, 1, () => {
    const reads: [string, string][] = ['x', 'mean', 'inverse', 'scale', 'shift'].map((name) => [name, T]);
    return `${parameters('count', 'c')}
${buffers(reads, [['y', T]])}
${isNan(T)}
${eachElement('p.count', `  let c = i % p.c;\n  let z = (x[i] - mean[c]) * inverse[c] * scale[c] + shift[c];\n  y[i] = select(max(z, ${LEAK} * z), z, isNan(z));`)}`;
  });
};

/** dx = scale inverse (g - mean g - n mean(g n)), g and n as in `chunkLeakySlopes`, means [2, c]. Parameters as `normalise`. */
export const normaliseLeakyGrad = (vector: boolean): Program => {
  const T = lane(vector);
  return program(`norm leaky grad ${vector}`, 7, 1, () => {
    const names = ['dy', 'y', 'x', 'mean', 'inverse', 'scale', 'means'];
    return `${parameters('count', 'c')}
${buffers(
  names.map((name) => [name, T]),
  [['dx', T]],
)}
${eachElement(
  'p.count',
  `  let c = i % p.c;
  let g = select(${LEAK} * dy[i], dy[i], y[i] > ${T}(0.0));
  let n = (x[i] - mean[c]) * inverse[c];
  dx[i] = scale[c] * inverse[c] * (g - means[c] - n * means[p.c + c]);`,
)}`;
  });
};
