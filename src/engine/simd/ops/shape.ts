/** Ops that move values without changing them. */
import * as tf from '@tensorflow/tfjs';
import { checkConcat, checkSlice, checkStack, placeOfNewAxis } from '../../backend/checks.ts';
import { widest } from '../../backend/op.ts';
import { elementBytes, type SimdBackend } from '../backend.ts';
import { joinedAxes } from './broadcast.ts';
import { castTo } from './elementwise.ts';
import { axesOf, broadcastStrides, type Op, type Ops, shapeOnly, sizeOf, stridesOf, walk } from './op.ts';

const shared = (backend: SimdBackend, x: tf.TensorInfo, shape: number[]) => backend.share(x, shape);

/** Copies `rows` rows of `bytes` between strides, all in bytes. */
function copyRows(
  backend: SimdBackend,
  from: number,
  to: number,
  rows: number,
  bytes: number,
  fromStride: number,
  toStride: number,
): void {
  if (rows > 0 && bytes > 0)
    backend.machine.runFor((rows * bytes) / 4)('copyRows', from, to, rows, bytes, fromStride, toStride);
}

/**
 * Copies a box of `shape` between two layouts, strides in elements.
 * The longest axis becomes the kernel's rows, so that its loops are few.
 */
function copyBox(
  backend: SimdBackend,
  from: { info: tf.TensorInfo; start: number; strides: readonly number[] },
  to: { info: tf.TensorInfo; start: number; strides: readonly number[] },
  shape: readonly number[],
): void {
  const size = sizeOf(shape);
  if (size === 0) return;
  const axes = joinedAxes(shape, from.strides, to.strides);
  if (elementBytes(to.info.dtype) !== 4 || axes.length > 6) {
    const [source, target] = [backend.view(from.info), backend.view(to.info)];
    const offsets = new Int32Array(size);
    walk(shape, from.strides, (i, offset) => {
      offsets[i] = from.start + offset;
    });
    walk(shape, to.strides, (i, offset) => {
      target[to.start + offset] = source[offsets[i]];
    });
    return;
  }
  const last = axes.length - 1;
  const contiguous = axes[last].a === 1 && axes[last].b === 1 && axes[last].size >= 8;
  const longest = axes.reduce((best, axis, i) => (axis.size > axes[best].size ? i : best), 0);
  const [row] = axes.splice(contiguous ? last : longest, 1);
  const outer = axes.reverse();
  const at = (i: number) => outer[i] ?? { size: 1, a: 0, b: 0 };
  const each = <T>(n: number, f: (i: number) => T) => Array.from({ length: n }, (_, i) => f(i));
  backend.machine.runFor(size)(
    'copyStrided',
    backend.address(from.info) + from.start * 4,
    backend.address(to.info) + to.start * 4,
    size / row.size,
    row.size,
    row.a,
    row.b,
    ...each(4, (i) => at(i).size),
    ...each(5, (i) => at(i).a),
    ...each(5, (i) => at(i).b),
  );
}

/** x repeated to a larger shape. */
export const spread = (backend: SimdBackend, x: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo =>
  gather(backend, x, shape, 0, broadcastStrides(x.shape, shape));

/** A new tensor of `shape` filled from x with other strides. */
function gather(
  backend: SimdBackend,
  x: tf.TensorInfo,
  outShape: readonly number[],
  start: number,
  strides: readonly number[],
  shape = outShape,
): tf.TensorInfo {
  const out = backend.make(outShape, x.dtype);
  copyBox(backend, { info: x, start, strides }, { info: out, start: 0, strides: stridesOf(shape) }, shape);
  return out;
}

const concat: Op = (backend, inputs, { axis }: { axis: number }) => {
  const given = inputs as unknown as tf.TensorInfo[];
  const along = axesOf(axis, given[0].shape.length)[0];
  const shapes = given.map((part) => part.shape);
  checkConcat(shapes, along);
  const shape = tf.backend_util.computeOutShape(shapes, along);
  const out = backend.make(shape, widest(given));
  const parts = given.map((part) => castTo(backend, part, out.dtype));
  const rows = sizeOf(shape.slice(0, along));
  const bytes = elementBytes(out.dtype);
  const stride = sizeOf(shape.slice(along)) * bytes;
  let at = backend.address(out);
  for (const part of parts) {
    const row = sizeOf(part.shape.slice(along)) * bytes;
    copyRows(backend, backend.address(part), at, rows, row, row, stride);
    at += row;
  }
  backend.drop(...parts);
  return out;
};

/** A box of x. One sliced axis (and any whole ones) is a copy of rows; more go value by value. */
function slice(backend: SimdBackend, x: tf.TensorInfo, begin: number[], size: number[]): tf.TensorInfo {
  checkSlice(x.shape, begin, size);
  const out = backend.make(size, x.dtype);
  if (sizeOf(size) === 0) return out;
  const bytes = elementBytes(x.dtype);
  const strides = stridesOf(x.shape);
  const start = begin.reduce((sum, b, i) => sum + b * strides[i], 0);
  const sliced = size.flatMap((n, i) => (n === x.shape[i] ? [] : [i]));
  if (sliced.length <= 1) {
    const axis = sliced[0] ?? 0;
    const row = sizeOf(size.slice(axis)) * bytes;
    const rows = sizeOf(size.slice(0, axis));
    copyRows(
      backend,
      backend.address(x) + start * bytes,
      backend.address(out),
      rows,
      row,
      sizeOf(x.shape.slice(axis)) * bytes,
      row,
    );
    return out;
  }
  copyBox(backend, { info: x, start, strides }, { info: out, start: 0, strides: stridesOf(size) }, size);
  return out;
}

const split: Op = (backend, { x }, { numOrSizeSplits, axis }: { numOrSizeSplits: number | number[]; axis: number }) => {
  const along = axesOf(axis, x.shape.length)[0];
  const sizes = tf.backend_util.prepareSplitSize(shapeOnly(x), numOrSizeSplits, along);
  let at = 0;
  return sizes.map((side) => {
    const begin = x.shape.map((_, i) => (i === along ? at : 0));
    at += side;
    return slice(
      backend,
      x,
      begin,
      x.shape.map((n, i) => (i === along ? side : n)),
    );
  });
};

const transpose: Op = (backend, { x }, { perm }: { perm: number[] }) => {
  const strides = stridesOf(x.shape);
  return gather(
    backend,
    x,
    perm.map((axis) => x.shape[axis]),
    0,
    perm.map((axis) => strides[axis]),
  );
};

const reverse: Op = (backend, { x }, { dims }: { dims: number | number[] }) => {
  const axes = axesOf(dims, x.shape.length);
  const strides = stridesOf(x.shape);
  const start = axes.reduce((sum, axis) => sum + strides[axis] * (x.shape[axis] - 1), 0);
  return gather(
    backend,
    x,
    x.shape,
    start,
    strides.map((stride, i) => (axes.includes(i) ? -stride : stride)),
  );
};

const tile: Op = (backend, { x }, { reps }: { reps: number[] }) =>
  gather(
    backend,
    x,
    x.shape.map((n, i) => n * reps[i]),
    0,
    stridesOf(x.shape).flatMap((stride) => [0, stride]),
    x.shape.flatMap((n, i) => [reps[i], n]),
  );

const pad: Op = (
  backend,
  { x },
  { paddings, constantValue }: { paddings: [number, number][]; constantValue: number },
) => {
  const shape = x.shape.map((n, i) => n + paddings[i][0] + paddings[i][1]);
  const out = backend.make(shape, x.dtype);
  const strides = stridesOf(shape);
  const start = paddings.reduce((sum, [before], i) => sum + before * strides[i], 0);
  backend.view(out).fill(constantValue);
  copyBox(backend, { info: x, start: 0, strides: stridesOf(x.shape) }, { info: out, start, strides }, x.shape);
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
  return concat(backend, widened as never, { axis: along } as never);
};

const unstack: Op = (backend, { value }, { axis }: { axis: number }) => {
  const along = axesOf(axis, value.shape.length)[0];
  const shape = value.shape.filter((_, i) => i !== along);
  return Array.from({ length: value.shape[along] }, (_, at) => {
    const part = slice(
      backend,
      value,
      value.shape.map((_, i) => (i === along ? at : 0)),
      value.shape.map((n, i) => (i === along ? 1 : n)),
    );
    return { ...part, shape };
  });
};

function filled(backend: SimdBackend, shape: number[], dtype: tf.DataType, value: number): tf.TensorInfo {
  const out = backend.make(shape, dtype);
  backend.view(out).fill(value);
  return out;
}

export const shapeOps: Ops = {
  Identity: (backend, { x }) => shared(backend, x, x.shape),
  Reshape: (backend, { x }, { shape }: { shape: number[] }) =>
    shared(backend, x, tf.util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ExpandDims: (backend, { input }, { dim }: { dim: number }) => {
    const at = placeOfNewAxis(input.shape.length, dim);
    return shared(backend, input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
  },
  Concat: concat,
  Slice: (backend, { x }, { begin, size }: { begin: number | number[]; size: number | number[] }) => {
    const [from, sides] = tf.slice_util.parseSliceParams(shapeOnly(x), begin, size);
    return slice(backend, x, from, sides);
  },
  SplitV: split,
  Transpose: transpose,
  Reverse: reverse,
  Tile: tile,
  PadV2: pad,
  Pack: stack,
  Unpack: unstack,
  Fill: (backend, _, { shape, value, dtype }: { shape: number[]; value: number; dtype: tf.DataType }) =>
    filled(backend, shape, dtype ?? 'float32', value),
  ZerosLike: (backend, { x }) => filled(backend, x.shape, x.dtype, 0),
  OnesLike: (backend, { x }) => filled(backend, x.shape, x.dtype, 1),
};
