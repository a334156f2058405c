/** Ops that move values without changing them. */
import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.ts';
import { axesOf, type Op, type Ops, sizeOf, stridesOf, walk } from './op.ts';

const shared = (backend: SimdBackend, x: tf.TensorInfo, shape: number[]) => backend.share(x, shape);

/** What TensorFlow.js' own helpers look at in a tensor. */
const shapeOnly = ({ shape, dtype }: tf.TensorInfo) => ({ shape, dtype, rank: shape.length }) as tf.Tensor;

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

const concat: Op = (backend, inputs, { axis }: { axis: number }) => {
  const parts = inputs as unknown as tf.TensorInfo[];
  const along = axesOf(axis, parts[0].shape.length)[0];
  const shape = tf.backend_util.computeOutShape(
    parts.map((part) => part.shape),
    along,
  );
  const out = backend.make(shape, parts[0].dtype);
  const rows = sizeOf(shape.slice(0, along));
  const bytes = elementBytes(out.dtype);
  const stride = sizeOf(shape.slice(along)) * bytes;
  let at = backend.address(out);
  for (const part of parts) {
    const row = sizeOf(part.shape.slice(along)) * bytes;
    copyRows(backend, backend.address(part), at, rows, row, row, stride);
    at += row;
  }
  return out;
};

/** A box of x. One sliced axis (and any whole ones) is a copy of rows; more go value by value. */
function slice(backend: SimdBackend, x: tf.TensorInfo, begin: number[], size: number[]): tf.TensorInfo {
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
  const [from, to] = [backend.view(x), backend.view(out)];
  walk(size, strides, (i, offset) => {
    to[i] = from[start + offset];
  });
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
  const shape = perm.map((axis) => x.shape[axis]);
  const strides = stridesOf(x.shape);
  const out = backend.make(shape, x.dtype);
  const [from, to] = [backend.view(x), backend.view(out)];
  walk(
    shape,
    perm.map((axis) => strides[axis]),
    (i, offset) => {
      to[i] = from[offset];
    },
  );
  return out;
};

const reverse: Op = (backend, { x }, { dims }: { dims: number | number[] }) => {
  const axes = axesOf(dims, x.shape.length);
  const strides = stridesOf(x.shape);
  const start = axes.reduce((sum, axis) => sum + strides[axis] * (x.shape[axis] - 1), 0);
  const out = backend.make(x.shape, x.dtype);
  const [from, to] = [backend.view(x), backend.view(out)];
  walk(
    x.shape,
    strides.map((stride, i) => (axes.includes(i) ? -stride : stride)),
    (i, offset) => {
      to[i] = from[start + offset];
    },
  );
  return out;
};

const tile: Op = (backend, { x }, { reps }: { reps: number[] }) => {
  const out = backend.make(
    x.shape.map((n, i) => n * reps[i]),
    x.dtype,
  );
  const strides = stridesOf(x.shape);
  const [from, to] = [backend.view(x), backend.view(out)];
  const shape = x.shape.flatMap((n, i) => [reps[i], n]);
  walk(
    shape,
    strides.flatMap((stride) => [0, stride]),
    (i, offset) => {
      to[i] = from[offset];
    },
  );
  return out;
};

const pad: Op = (
  backend,
  { x },
  { paddings, constantValue }: { paddings: [number, number][]; constantValue: number },
) => {
  const shape = x.shape.map((n, i) => n + paddings[i][0] + paddings[i][1]);
  const out = backend.make(shape, x.dtype);
  const strides = stridesOf(shape);
  const start = paddings.reduce((sum, [before], i) => sum + before * strides[i], 0);
  const [from, to] = [backend.view(x), backend.view(out)];
  to.fill(constantValue);
  walk(x.shape, strides, (i, offset) => {
    to[start + offset] = from[i];
  });
  return out;
};

const stack: Op = (backend, inputs, { axis }: { axis: number }) => {
  const parts = inputs as unknown as tf.TensorInfo[];
  const along = axis < 0 ? axis + parts[0].shape.length + 1 : axis;
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
    const at = dim < 0 ? dim + input.shape.length + 1 : dim;
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
