/** Instance norms on tensors of the backend, several images at once: sums over chunks of voxels, their join where there are many, one pass. */
import * as tf from '@tensorflow/tfjs';
import { type FeatureMap, type Kernels, LEAK, NORM_EPSILON } from '../../core/network/kernels.ts';
import type { WebgpuBackend } from './backend.ts';
import { groupShape } from './ops/reduce.ts';
import { bits, groupsFor, type Program } from './program.ts';
import { type NormForm, normalise, normaliseGrad } from './wgsl/norm.ts';
import { chunkLeakySlopes, chunkMoments, chunkSlopes, joinMoments, joinSlopes, joinSums } from './wgsl/norm-sums.ts';

/** Chunks of an image that statistics are taken of, at most; voxels of a chunk for each thread, at least. */
const CHUNKS = 1024;
const PER_THREAD = 16;
/** Up to this many chunks the pass over the map joins their sums; beyond, a group of threads does, once. */
const FEW = 16;

type Norms = Pick<Kernels, 'instanceNormRelu' | 'instanceNormReluGrad' | 'instanceNormLeaky' | 'instanceNormLeakyGrad'>;

/** How a map is cut. */
function cut({ shape, size }: FeatureMap) {
  const [images, c] = [shape[0], shape[4]];
  const n = size / (images * c);
  const { columns, rows, half, parts } = groupShape(c);
  const chunk = Math.max(rows * PER_THREAD, Math.ceil(n / CHUNKS));
  const chunks = Math.ceil(n / chunk);
  const lanes = c % 4 === 0 ? 4 : 1;
  const count = size / lanes;
  return {
    images,
    c,
    chunks,
    joins: chunks <= FEW,
    vector: lanes === 4,
    groups: images * chunks * parts,
    sumWords: [n, c, chunk, chunks, columns, rows, half, parts, images],
    joinWords: [n, c, chunk, chunks, images, bits(NORM_EPSILON)],
    count,
    passWords: [count, count / images, c / lanes, n, chunk, chunks, images, bits(NORM_EPSILON)],
  };
}

export function normKernels(backend: WebgpuBackend): Norms {
  const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info) as FeatureMap;

  const sumsOf = (map: FeatureMap, program: Program, reads: tf.TensorInfo[]): tf.TensorInfo => {
    const { images, chunks, c, sumWords, groups } = cut(map);
    const partials = backend.make([images, chunks, 2, c]);
    backend.run(program, reads, [partials], sumWords, groups);
    return partials;
  };

  const forward = (x: FeatureMap, affine: tf.Tensor[]) => {
    const { images, c, joins, vector, joinWords, passWords, count } = cut(x);
    const scaled = affine.length > 0;
    const form: NormForm = { scaled, joins, vector };
    const partials = sumsOf(x, chunkMoments, [x]);
    const saved = backend.make([images, scaled ? 3 : 2, c]);
    const y = backend.make(x.shape);
    if (!joins) backend.run(joinMoments(scaled), [partials, ...affine.slice(0, 1)], [saved], joinWords, images * c);
    const [reads, writes] = joins ? [partials, [y, saved]] : [saved, [y]];
    backend.run(normalise(form), [x, ...affine, reads], writes, passWords, groupsFor(count));
    backend.drop(partials);
    return { y: tensor(y), saved: [tensor(saved) as tf.Tensor] };
  };

  return {
    instanceNormRelu: (x) => forward(x, []),
    instanceNormLeaky: (x, scale, shift) => forward(x, [scale, shift]),
    instanceNormReluGrad(dy, x, { y, saved: [saved] }) {
      const { images, c, joins, vector, joinWords, passWords, count } = cut(x);
      const partials = sumsOf(x, chunkSlopes, [dy, y]);
      const dx = backend.make(x.shape);
      const means = joins ? partials : backend.make([images, 2, c]);
      if (!joins) backend.run(joinSlopes, [partials], [means], joinWords, images * c);
      const pass = normaliseGrad({ scaled: false, joins, vector });
      backend.run(pass, [dy, y, x, saved, means], [dx], passWords, groupsFor(count));
      backend.drop(partials, ...(joins ? [] : [means]));
      return tensor(dx);
    },
    instanceNormLeakyGrad(dy, x, _scale, { y, saved: [saved] }) {
      const { images, c, joins, vector, joinWords, passWords, count } = cut(x);
      const partials = sumsOf(x, chunkLeakySlopes(LEAK), [dy, y, x, saved]);
      const [dx, dShift, dScale] = [backend.make(x.shape), backend.make([c]), backend.make([c])];
      const means = joins ? partials : backend.make([images, 2, c]);
      if (!joins) backend.run(joinSums, [partials], [means, dShift, dScale], joinWords, c);
      const pass = normaliseGrad({ scaled: true, joins, vector });
      const writes = joins ? [dx, dShift, dScale] : [dx];
      backend.run(pass, [dy, y, x, saved, means], writes, passWords, groupsFor(count));
      backend.drop(partials, ...(joins ? [] : [means]));
      return { dx: tensor(dx), dScale: tensor(dScale), dShift: tensor(dShift) };
    },
  };
}
