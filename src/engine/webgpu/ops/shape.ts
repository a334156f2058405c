/** Ops that move values without changing them. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../../core/errors.ts';
import { checkConcat, checkSlice, checkStack, placeOfNewAxis } from '../../backend/checks.ts';
import { widest } from '../../backend/op.ts';
import { type WebgpuBackend, wgslType, wordOf } from '../backend.ts';
import { groupsFor } from '../program.ts';
import { COPY_SIDES, copyBox, copyRows, fill, JOINED, join, part } from '../wgsl/copy.ts';
import { castTo } from './elementwise.ts';
import { axesOf, broadcastStrides, joinSides, type Op, type Ops, padded, shapeOnly, sizeOf, stridesOf } from './op.ts';

interface Walk {
  first: number;
  strides: number[];
}

/** Copies a box of words, read and written with strides of its own. */
function copy(
  backend: WebgpuBackend,
  from: tf.TensorInfo,
  to: tf.TensorInfo,
  shape: readonly number[],
  read: Walk,
  write: Walk,
): void {
  const size = sizeOf(shape);
  if (size === 0) return;
  const { shape: sides, strides } = joinSides(shape, [read.strides, write.strides]);
  const [reads, writes] = strides;
  if (sides.length <= 2 && (reads.at(-1) ?? 1) === 1 && (writes.at(-1) ?? 1) === 1 && Math.min(...reads, 1) >= 0) {
    const row = sides.at(-1) ?? 1;
    const length = (set: number[]) => (set.length === 2 ? set[0] : 0);
    const words = [size, row, read.first, length(reads), write.first, length(writes)];
    backend.run(copyRows, [from], [to], words, groupsFor(size));
    return;
  }
  if (sides.length > COPY_SIDES) {
    const message = `A copy of the webgpu engine must have at most ${COPY_SIDES} sides, got [${shape}].`;
    throw new DecileError('engine/unsupported', message, '');
  }
  const words = [
    ...[size, read.first, write.first],
    ...padded(sides, COPY_SIDES, 1),
    ...padded(reads, COPY_SIDES, 0),
    ...padded(writes, COPY_SIDES, 0),
  ];
  backend.run(copyBox, [from], [to], words, groupsFor(size));
}

const packed = (shape: readonly number[]): Walk => ({ first: 0, strides: stridesOf(shape) });

/** x seen with other strides, as a new tensor. */
function gathered(backend: WebgpuBackend, x: tf.TensorInfo, shape: readonly number[], read: Walk): tf.TensorInfo {
  const out = backend.make(shape, x.dtype);
  copy(backend, x, out, shape, read, packed(shape));
  return out;
}

function concat(backend: WebgpuBackend, given: tf.TensorInfo[], along: number): tf.TensorInfo {
  const shapes = given.map((part) => part.shape);
  checkConcat(shapes, along);
  const shape = tf.backend_util.computeOutShape(shapes, along);
  const out = backend.make(shape, widest(given));
  const parts = given.map((part) => castTo(backend, part, out.dtype));
  for (const { some, words, groups } of columnsOf(parts, shape, along))
    backend.run(join(some.length), some, [out], words, groups);
  backend.drop(...parts);
  return out;
}

/** Parts of a whole along an axis as columns of its rows, as many at a time as a dispatch binds. */
function* columnsOf(parts: readonly tf.TensorInfo[], whole: readonly number[], along: number) {
  const rows = sizeOf(whole.slice(0, along));
  const widthOf = ({ shape }: tf.TensorInfo) => sizeOf(shape.slice(along));
  const filled = parts.filter(({ shape }) => sizeOf(shape) > 0);
  let first = 0;
  for (let n = 0; n < filled.length; n += JOINED) {
    const some = filled.slice(n, n + JOINED);
    let columns = 0;
    const ends = some.map((part) => {
      columns += widthOf(part);
      return columns;
    });
    const count = rows * columns;
    yield { some, words: [count, columns, first, sizeOf(whole.slice(along)), ...ends], groups: groupsFor(count) };
    first += columns;
  }
}

/** Tensors of the given lengths along an axis, from the whole. */
function parted(backend: WebgpuBackend, x: tf.TensorInfo, along: number, sizes: readonly number[]): tf.TensorInfo[] {
  const parts = sizes.map((side) =>
    backend.make(
      x.shape.map((n, i) => (i === along ? side : n)),
      x.dtype,
    ),
  );
  for (const { some, words, groups } of columnsOf(parts, x.shape, along))
    backend.run(part(some.length), [x], some, words, groups);
  return parts;
}

function slice(backend: WebgpuBackend, x: tf.TensorInfo, begin: number[], size: number[]): tf.TensorInfo {
  checkSlice(x.shape, begin, size);
  const strides = stridesOf(x.shape);
  const first = begin.reduce((sum, b, i) => sum + b * strides[i], 0);
  return gathered(backend, x, size, { first, strides });
}

const split: Op = (backend, { x }, { numOrSizeSplits, axis }: { numOrSizeSplits: number | number[]; axis: number }) => {
  const along = axesOf(axis, x.shape.length)[0];
  return parted(backend, x, along, tf.backend_util.prepareSplitSize(shapeOnly(x), numOrSizeSplits, along));
};

/** x repeated to a larger shape. */
export const spread = (backend: WebgpuBackend, x: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo =>
  gathered(backend, x, shape, { first: 0, strides: broadcastStrides(x.shape, shape) });

export function transposed(backend: WebgpuBackend, x: tf.TensorInfo, perm: readonly number[]): tf.TensorInfo {
  const strides = stridesOf(x.shape);
  return gathered(
    backend,
    x,
    perm.map((axis) => x.shape[axis]),
    { first: 0, strides: perm.map((axis) => strides[axis]) },
  );
}

/** x with the given axes turned round. */
function reversed(backend: WebgpuBackend, x: tf.TensorInfo, axes: readonly number[]): tf.TensorInfo {
  const strides = stridesOf(x.shape);
  return gathered(backend, x, x.shape, {
    first: axes.reduce((sum, axis) => sum + strides[axis] * (x.shape[axis] - 1), 0),
    strides: strides.map((stride, i) => (axes.includes(i) ? -stride : stride)),
  });
}

const tile: Op = (backend, { x }, { reps }: { reps: number[] }) => {
  const out = backend.make(
    x.shape.map((n, i) => n * reps[i]),
    x.dtype,
  );
  const [from, to] = [stridesOf(x.shape), stridesOf(out.shape)];
  const sides = x.shape.flatMap((n, i) => [reps[i], n]);
  copy(
    backend,
    x,
    out,
    sides,
    { first: 0, strides: from.flatMap((stride) => [0, stride]) },
    { first: 0, strides: to.flatMap((stride, i) => [stride * x.shape[i], stride]) },
  );
  return out;
};

const pad: Op = (
  backend,
  { x },
  { paddings, constantValue }: { paddings: [number, number][]; constantValue: number },
) => {
  const out = filled(
    backend,
    x.shape.map((n, i) => n + paddings[i][0] + paddings[i][1]),
    x.dtype,
    constantValue,
  );
  const strides = stridesOf(out.shape);
  const first = paddings.reduce((sum, [before], i) => sum + before * strides[i], 0);
  copy(backend, x, out, x.shape, packed(x.shape), { first, strides });
  return out;
};

const stack: Op = (backend, inputs, { axis }: { axis: number }) => {
  const parts = inputs as unknown as tf.TensorInfo[];
  checkStack(parts);
  const along = placeOfNewAxis(parts[0].shape.length, axis);
  const widened = parts.map((part) => ({
    ...part,
    shape: [...part.shape.slice(0, along), 1, ...part.shape.slice(along)],
  }));
  return concat(backend, widened, along);
};

const unstack: Op = (backend, { value }, { axis }: { axis: number }) => {
  const along = axesOf(axis, value.shape.length)[0];
  const shape = value.shape.filter((_, i) => i !== along);
  const ones = new Array<number>(value.shape[along]).fill(1);
  return parted(backend, value, along, ones).map((part) => ({ ...part, shape }));
};

export function filled(backend: WebgpuBackend, shape: number[], dtype: tf.DataType, value: number): tf.TensorInfo {
  const out = backend.make(shape, dtype);
  const size = sizeOf(shape);
  backend.run(fill, [], [out], [size, wordOf(wgslType(dtype), Number(value))], groupsFor(size));
  return out;
}

export const shapeOps: Ops = {
  Identity: (backend, { x }) => backend.share(x, x.shape),
  Reshape: (backend, { x }, { shape }: { shape: number[] }) =>
    backend.share(x, tf.util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ExpandDims: (backend, { input }, { dim }: { dim: number }) => {
    const at = placeOfNewAxis(input.shape.length, dim);
    return backend.share(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
  },
  Concat: (backend, inputs, { axis }: { axis: number }) => {
    const parts = inputs as unknown as tf.TensorInfo[];
    return concat(backend, parts, axesOf(axis, parts[0].shape.length)[0]);
  },
  Slice: (backend, { x }, { begin, size }: { begin: number | number[]; size: number | number[] }) => {
    const [from, sides] = tf.slice_util.parseSliceParams(shapeOnly(x), begin, size);
    return slice(backend, x, from, sides);
  },
  SplitV: split,
  Transpose: (backend, { x }, { perm }: { perm: number[] }) => transposed(backend, x, perm),
  Reverse: (backend, { x }, { dims }: { dims: number | number[] }) =>
    reversed(backend, x, axesOf(dims, x.shape.length)),
  Tile: tile,
  PadV2: pad,
  Pack: stack,
  Unpack: unstack,
  Fill: (backend, _, { shape, value, dtype }: { shape: number[]; value: number; dtype: tf.DataType }) =>
    filled(backend, shape, dtype ?? 'float32', value),
  ZerosLike: (backend, { x }) => filled(backend, x.shape, x.dtype, 0),
  OnesLike: (backend, { x }) => filled(backend, x.shape, x.dtype, 1),
};
