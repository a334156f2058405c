/**
 * Instance norm with ReLU, or with a scale, a shift and leaky ReLU, and their gradients: one pass over the maps [N, V, C], once the sums
 * over voxels are there (norm-sums.ts). Where an image has few chunks, every thread joins their sums itself, and those of an image's first
 * voxel write down what is kept.
 */
import { LEAK } from '../../../core/network/kernels.ts';
import { buffers, eachElement, isNan, type Program, parameters, program } from '../program.ts';
import { partialSums } from './norm-sums.ts';

export interface NormForm {
  /** With a scale and a shift a channel, then leaky ReLU; else ReLU alone. */
  scaled: boolean;
  /** The pass joins the sums of the chunks. */
  joins: boolean;
  /** Four channels at a time. */
  vector: boolean;
}

const nameOf = ({ scaled, joins, vector }: NormForm): string =>
  `norm ${scaled ? 'leaky' : 'relu'}${joins ? ' joining' : ''} ${vector}`;

/**
 * Elements (or fours of them), those of an image, channels (or fours), then voxels of an image, voxels of a chunk, chunks of an image, and
 * images.
 */
const HEAD = parameters('count', 'each', 'c', 'n', 'chunk', 'chunks', 'images', 'epsilon: f32');

const sumOver = (T: string, sum: string, value: string): string =>
  `var ${sum} = ${T}(0.0); for (var k = 0u; k < p.chunks; k++) { ${sum} += ${value}; }`;

/** Reads x, then scale and shift, then partial sums or what was saved; writes y, and what is saved where it joins. */
export const normalise = (form: NormForm): Program => {
  const { scaled, joins, vector } = form;
  const T = vector ? 'vec4<f32>' : 'f32';
  const affine = scaled ? ['scale', 'shift'] : [];
  const reads = ['x', ...affine, joins ? 'partials' : 'saved'];
  const writes = ['y', ...(joins ? ['saved'] : [])];
  const rows = scaled ? '3u' : '2u';
  return program(nameOf(form), reads.length, writes.length, () => {
    const statistics = joins
      ? `
  ${sumOver(T, 'a', 'voxelsOf(k) * partial(image, k, 0u, c)')}
  let mean = a / f32(p.n);
  ${sumOver(T, 'b', 'deviation(image, k, c, mean)')}
  let inverse = 1.0 / sqrt(b / f32(p.n) + p.epsilon);
  if (i % p.each < p.c) {
    saved[at] = mean;
    saved[at + p.c] = inverse;${scaled ? '\n    saved[at + 2u * p.c] = inverse * scale[c];' : ''}
  }`
      : `
  let mean = saved[at];
  let inverse = saved[at + p.c];`;
    return `${HEAD}
${buffers(
  reads.map((name) => [name, T]),
  writes.map((name) => [name, T]),
)}${joins ? partialSums(T) : ''}
${isNan(T)}
${eachElement(
  'p.count',
  `  let c = i % p.c;
  let image = i / p.each;
  let at = ${rows} * image * p.c + c;${statistics}
  let z = (x[i] - mean) * inverse${scaled ? ' * scale[c] + shift[c]' : ''};
  // What is no number stays none.
  y[i] = select(max(${scaled ? `${LEAK} * z` : `${T}(0.0)`}, z), z, isNan(z));`,
)}`;
  });
};

/**
 * dx = inverse scale (g - mean g - n mean(g n)), n = (x - mean) inverse, g = dy where y > 0 and 0 or LEAK dy elsewhere. Reads dy, y, x, what
 * was saved, then partial sums or means; writes dx, and the sums of g and g n over all images where it joins under a scale.
 */
export const normaliseGrad = (form: NormForm): Program => {
  const { scaled, joins, vector } = form;
  const T = vector ? 'vec4<f32>' : 'f32';
  const reads = ['dy', 'y', 'x', 'saved', joins ? 'partials' : 'means'];
  const writes = ['dx', ...(joins && scaled ? ['dShift', 'dScale'] : [])];
  return program(`${nameOf(form)} grad`, reads.length, writes.length, () => {
    const own = joins
      ? `
  ${sumOver(T, 'a', 'partial(image, k, 0u, c)')}
  ${sumOver(T, 'b', 'partial(image, k, 1u, c)')}
  let meanG = a / f32(p.n);
  let meanGn = b / f32(p.n);`
      : `
  let meanG = means[2u * image * p.c + c];
  let meanGn = means[(2u * image + 1u) * p.c + c];`;
    const all =
      joins && scaled
        ? `
  if (i < p.c) {
    for (var other = 1u; other < p.images; other++) {
      for (var k = 0u; k < p.chunks; k++) { a += partial(other, k, 0u, c); b += partial(other, k, 1u, c); }
    }
    dShift[c] = a;
    dScale[c] = b;
  }`
        : '';
    return `${HEAD}
${buffers(
  reads.map((name) => [name, T]),
  writes.map((name) => [name, T]),
)}${joins ? partialSums(T) : ''}
${eachElement(
  'p.count',
  `  let c = i % p.c;
  let image = i / p.each;
  let at = ${scaled ? '3u' : '2u'} * image * p.c + c;${own}${all}
  let g = select(${scaled ? `${LEAK} * dy[i]` : `${T}(0.0)`}, dy[i], y[i] > ${T}(0.0));
  let n = (x[i] - saved[at]) * saved[at + p.c];
  dx[i] = saved[at + ${scaled ? '2u * ' : ''}p.c] * (g - meanG - n * meanGn);`,
)}`;
  });
};
