/** Interpolation along one axis as a small dense matrix, and three of them applied to a map. */

import * as tf from '@tensorflow/tfjs';
import { mapAxes } from '../axes.ts';

/** A dense [rows, columns] matrix, row-major. */
export interface AxisMatrix {
  rows: number;
  columns: number;
  values: Float32Array;
}

/** For output o of `outputs`, the coarse cell and the place t in it (align_corners false, clamped at the edges). */
function cellOf(o: number, inputs: number, outputs: number): { cell: number; t: number } {
  const position = Math.min(Math.max(((o + 0.5) * inputs) / outputs - 0.5, 0), inputs - 1);
  const cell = Math.min(Math.floor(position), Math.max(inputs - 2, 0));
  return { cell, t: position - cell };
}

function matrix(
  rows: number,
  columns: number,
  fill: (set: (r: number, c: number, v: number) => void) => void,
): AxisMatrix {
  const values = new Float32Array(rows * columns);
  fill((r, c, v) => {
    if (v !== 0) values[r * columns + c] += v;
  });
  return { rows, columns, values };
}

/** Matrices by what they are of: a step asks for the same few again and again. Nobody changes their values. */
const known = new Map<string, AxisMatrix>();
const MOST_KNOWN = 256;

function once(key: string, make: () => AxisMatrix): AxisMatrix {
  let found = known.get(key);
  if (!found) {
    if (known.size >= MOST_KNOWN) known.clear();
    found = make();
    known.set(key, found);
  }
  return found;
}

/** The same for what is made of other matrices. */
const transposes = new WeakMap<AxisMatrix, AxisMatrix>();
const products = new WeakMap<AxisMatrix, WeakMap<AxisMatrix, AxisMatrix>>();

/** Linear interpolation from `inputs` to `outputs` samples: one axis of the U of method section 4. */
export function linearMatrix(inputs: number, outputs: number): AxisMatrix {
  return once(`linear ${inputs} ${outputs}`, () =>
    matrix(outputs, inputs, (set) => {
      for (let o = 0; o < outputs; o++) {
        const { cell, t } = cellOf(o, inputs, outputs);
        set(o, cell, 1 - t);
        if (t > 0) set(o, cell + 1, t);
      }
    }),
  );
}

/** From n samples to the n nodes and the n-1 midpoints between them, 2n-1 in all. */
export function midpointMatrix(n: number): AxisMatrix {
  return once(`midpoints ${n}`, () =>
    matrix(2 * n - 1, n, (set) => {
      for (let i = 0; i < n; i++) set(2 * i, i, 1);
      for (let i = 0; i + 1 < n; i++) {
        set(2 * i + 1, i, 0.5);
        set(2 * i + 1, i + 1, 0.5);
      }
    }),
  );
}

/**
 * Quadratic (Lagrange) interpolation from the 2n-1 nodes and midpoints to `outputs` samples.
 * Exact for squares of linearly interpolated maps, which are quadratic along each axis inside a cell.
 */
export function quadraticMatrix(n: number, outputs: number): AxisMatrix {
  return once(`quadratic ${n} ${outputs}`, () =>
    matrix(outputs, 2 * n - 1, (set) => {
      for (let o = 0; o < outputs; o++) {
        const { cell, t } = cellOf(o, n, outputs);
        set(o, 2 * cell, (1 - t) * (1 - 2 * t));
        if (t > 0) {
          set(o, 2 * cell + 1, 4 * t * (1 - t));
          set(o, 2 * cell + 2, t * (2 * t - 1));
        }
      }
    }),
  );
}

export function transposed(m: AxisMatrix): AxisMatrix {
  let found = transposes.get(m);
  if (!found) {
    found = matrix(m.columns, m.rows, (set) => {
      for (let r = 0; r < m.rows; r++) for (let c = 0; c < m.columns; c++) set(c, r, m.values[r * m.columns + c]);
    });
    transposes.set(m, found);
  }
  return found;
}

export const toTensor = (m: AxisMatrix): tf.Tensor2D => tf.tensor2d(m.values, [m.rows, m.columns]);

export type Axes = readonly [z: AxisMatrix, y: AxisMatrix, x: AxisMatrix];

/** The matrix of two axes at once: rows (i, j), columns (k, l), values a[i, k] b[j, l]. */
function kronecker(a: AxisMatrix, b: AxisMatrix): AxisMatrix {
  const ofA = products.get(a) ?? new WeakMap<AxisMatrix, AxisMatrix>();
  products.set(a, ofA);
  let found = ofA.get(b);
  if (!found) {
    found = productOf(a, b);
    ofA.set(b, found);
  }
  return found;
}

function productOf(a: AxisMatrix, b: AxisMatrix): AxisMatrix {
  return matrix(a.rows * b.rows, a.columns * b.columns, (set) => {
    for (let i = 0; i < a.rows; i++)
      for (let k = 0; k < a.columns; k++)
        for (let j = 0; j < b.rows; j++)
          for (let l = 0; l < b.columns; l++)
            set(i * b.rows + j, k * b.columns + l, a.values[i * a.columns + k] * b.values[j * b.columns + l]);
  });
}

/** Larger matrices of two axes cost more products than two steps cost calls. */
const LARGEST_OF_TWO = 65536;

/** [N, d, h, w] -> [N, D, H, W], as few matrix products as are worth it, the axis that shrinks most (or grows least) first. */
export function alongAxes(map: tf.Tensor4D, [z, y, x]: Axes): tf.Tensor4D {
  const [n, , h, w] = map.shape;
  const growing = x.rows >= x.columns;
  const alongX = (m: tf.Tensor) => tf.matMul(m.reshape([m.size / w, w]), toTensor(x), false, true);
  /** One axis of `size` (or two that lie side by side), `after` values behind each of its places. */
  const along = (a: AxisMatrix, m: tf.Tensor, after: number) =>
    tf.matMul(toTensor(a).reshape([1, a.rows, a.columns]), m.reshape([m.size / (a.columns * after), a.columns, after]));
  const alongZY = (m: tf.Tensor, ww: number) => {
    // Never where maps shrink: sums over two axes at once are so long that they lose digits.
    if (growing && z.values.length * y.values.length <= LARGEST_OF_TWO) return along(kronecker(z, y), m, ww);
    return growing ? along(z, along(y, m, ww), y.rows * ww) : along(y, along(z, m, h * ww), ww);
  };
  return (growing ? alongZY(alongX(map), x.rows) : alongX(alongZY(map, w))).reshape([
    n,
    z.rows,
    y.rows,
    x.rows,
  ]) as tf.Tensor4D;
}

/** The transposed matrices: from gradients at the outputs to gradients at the inputs. */
export const backwards = (axes: Axes): Axes => mapAxes(axes, transposed);

/** A separable linear map of [N, d, h, w] maps, with its exact gradient (the transposed matrices). */
export function separable(map: tf.Tensor4D, axes: Axes): tf.Tensor4D {
  const operation = tf.customGrad((...inputs) => ({
    value: alongAxes(inputs[0] as tf.Tensor4D, axes),
    gradFunc: (dy) => alongAxes(dy as tf.Tensor4D, backwards(axes)),
  }));
  return operation(map) as tf.Tensor4D;
}
