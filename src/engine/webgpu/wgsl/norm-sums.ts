/**
 * Sums over the voxels of each image that instance norm and its gradient need. They are those of chunks of voxels, each with its own mean
 * (so that nothing cancels). Few chunks are joined by whoever reads them (norm.ts), many in a pass of their own.
 *
 * Maps are [N, V, C]; partial sums [N, chunks, 2, C]; `saved` [N, rows, C] with a row of means, one of 1 / sqrt(variance + epsilon), and
 * under a scale one of both factors' product.
 */
import { buffers, eachGroup, type Program, parameters, program } from '../program.ts';

/** Threads of a group that sums over voxels. */
const THREADS = 128;

/** Adds `sums[local]` over the rows of a group; `columns` threads a row, `rows` rows. The sum ends in row 0. */
const addRows = `
    for (var s = p.half; s > 0u; s /= 2u) {
      workgroupBarrier();
      if (row < s && row + s < p.rows) { sums[local] += sums[local + s * p.columns]; }
    }
    workgroupBarrier();`;

/** What a chunk gives: two sums a channel. */
const written = (first: string, second: string): string => `
  if (works && row == 0u) {
    partials[2u * place * p.c + channel] = ${first};
    partials[(2u * place + 1u) * p.c + channel] = ${second};
  }`;

/** Adds up `sum` and `products` of a chunk's rows, one after the other in the same room, and writes both. */
const writeBothSums = `
  sums[local] = sum;
  {${addRows}
  }
  sum = sums[local];
  workgroupBarrier();
  sums[local] = products;
  {${addRows}
  }${written('sum', 'sums[local]')}`;

/** Parameters: voxels of an image, channels, voxels of a chunk, chunks of an image, shape of a group, images. */
const overChunks = (name: string, reads: string[], body: string): Program =>
  program(
    name,
    reads.length,
    1,
    () => `${parameters('n', 'c', 'chunk', 'chunks', 'columns', 'rows', 'half', 'parts', 'images')}
${buffers(
  reads.map((read) => [read, 'f32']),
  [['partials', 'f32']],
)}
var<workgroup> sums: array<f32, ${THREADS}>;
${eachGroup(
  THREADS,
  'p.images * p.chunks * p.parts',
  `
  let part = id % p.parts;
  let place = id / p.parts;
  let image = place / p.chunks;
  let row = local / p.columns;
  let channel = part * p.columns + local % p.columns;
  let works = row < p.rows && channel < p.c;
  let from_ = (place % p.chunks) * p.chunk;
  let first = image * p.n + from_;
  let end = image * p.n + min(from_ + p.chunk, p.n);
  var sum = 0.0;
${body}`,
)}`,
  );

/** Mean and sum of squared differences of each channel in each chunk. */
export const chunkMoments = overChunks(
  'norm moments',
  ['x'],
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
  }${written('own', 'sums[local]')}`,
);

/** Sums of g and of g n, g = dy where y > 0, n = y there. */
export const chunkSlopes = overChunks(
  'norm slopes',
  ['dy', 'y'],
  `
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
${writeBothSums}`,
);

/** Sums of g and of g n, g = dy where y > 0 and `leak` dy elsewhere, n = (x - mean) inverse. */
export const chunkLeakySlopes = (leak: number): Program =>
  overChunks(
    'norm leaky slopes',
    ['dy', 'y', 'x', 'saved'],
    `
  var products = 0.0;
  if (works) {
    let mean = saved[3u * image * p.c + channel];
    let inverse = saved[(3u * image + 1u) * p.c + channel];
    for (var v = first + row; v < end; v += p.rows) {
      let at = v * p.c + channel;
      let g = select(${leak} * dy[at], dy[at], y[at] > 0.0);
      sum += g;
      products = fma(g, (x[at] - mean) * inverse, products);
    }
  }
${writeBothSums}`,
  );

/** Reads partial sums of type `T`, with p.n voxels, p.chunk voxels of a chunk, p.chunks chunks and p.c channels (or fours of them). */
export const partialSums = (T: string): string => `
fn voxelsOf(i: u32) -> f32 { return f32(min(p.chunk, p.n - i * p.chunk)); }
fn partial(image: u32, i: u32, row: u32, c: u32) -> ${T} { return partials[(2u * (image * p.chunks + i) + row) * p.c + c]; }
fn deviation(image: u32, i: u32, c: u32, mean: ${T}) -> ${T} {
  let difference = partial(image, i, 0u, c) - mean;
  return partial(image, i, 1u, c) + voxelsOf(i) * difference * difference;
}`;

/** Threads' values of a group, added. */
const TOTAL = `
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
}`;

const eachChunk = (sum: string, value: string): string => `
  var ${sum} = 0.0;
  for (var i = local; i < p.chunks; i += ${THREADS}u) { ${sum} += ${value}; }`;

const join = (name: string, reads: string[], writes: string[], groups: string, body: string): Program =>
  program(
    `norm join ${name}`,
    reads.length,
    writes.length,
    () => `${parameters('n', 'c', 'chunk', 'chunks', 'images', 'epsilon: f32')}
${buffers(
  reads.map((read) => [read, 'f32']),
  writes.map((write) => [write, 'f32']),
)}${partialSums('f32')}${TOTAL}
${eachGroup(THREADS, groups, body)}`,
  );

/** Chunks' moments to `saved`; a group an image and channel. */
export const joinMoments = (scaled: boolean): Program =>
  join(
    `moments ${scaled}`,
    scaled ? ['partials', 'scale'] : ['partials'],
    ['saved'],
    'p.images * p.c',
    `
  let image = id / p.c;
  let c = id % p.c;${eachChunk('a', 'voxelsOf(i) * partial(image, i, 0u, c)')}
  let mean = total(local, a) / f32(p.n);${eachChunk('b', 'deviation(image, i, c, mean)')}
  let inverse = 1.0 / sqrt(total(local, b) / f32(p.n) + p.epsilon);
  let at = ${scaled ? '3u' : '2u'} * image * p.c + c;
  if (local == 0u) { saved[at] = mean; saved[at + p.c] = inverse;${scaled ? ' saved[at + 2u * p.c] = inverse * scale[c];' : ''} }`,
  );

/** Chunks' slopes to the means of g and g n, [N, 2, C]; a group an image and channel. */
export const joinSlopes = join(
  'slopes',
  ['partials'],
  ['means'],
  'p.images * p.c',
  `
  let image = id / p.c;
  let c = id % p.c;${eachChunk('a', 'partial(image, i, 0u, c)')}${eachChunk('b', 'partial(image, i, 1u, c)')}
  let one = total(local, a);
  let two = total(local, b);
  let at = 2u * image * p.c + c;
  if (local == 0u) { means[at] = one / f32(p.n); means[at + p.c] = two / f32(p.n); }`,
);

/** The same, and the sums over all images of g and g n; a group a channel. */
export const joinSums = join(
  'sums',
  ['partials'],
  ['means', 'dShift', 'dScale'],
  'p.c',
  `
  let c = id;
  var allG = 0.0;
  var allGn = 0.0;
  for (var image = 0u; image < p.images; image++) {${eachChunk('a', 'partial(image, i, 0u, c)')}${eachChunk('b', 'partial(image, i, 1u, c)')}
    let one = total(local, a);
    let two = total(local, b);
    let at = 2u * image * p.c + c;
    if (local == 0u) { means[at] = one / f32(p.n); means[at + p.c] = two / f32(p.n); }
    allG += one;
    allGn += two;
  }
  if (local == 0u) { dShift[c] = allG; dScale[c] = allGn; }`,
);
