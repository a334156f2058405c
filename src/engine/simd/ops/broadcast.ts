/** How two shapes meet in an element-wise op: as few axes as possible, and the rows that the kernel `binary` takes. */
import { broadcastStrides, sizeOf } from './op.ts';

/** One axis of the result with the operands' strides in elements; 0 where an operand repeats. */
export interface Axis {
  size: number;
  a: number;
  b: number;
}

/** Axes of `shape`, slowest first, those of size 1 left out and neighbours joined where both operands allow it. */
export function joinedAxes(shape: readonly number[], a: readonly number[], b: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (const [i, size] of shape.entries()) {
    if (size === 1) continue;
    const last = axes.at(-1);
    if (last && last.a === a[i] * size && last.b === b[i] * size) {
      axes[axes.length - 1] = { size: last.size * size, a: a[i], b: b[i] };
    } else axes.push({ size, a: a[i], b: b[i] });
  }
  return axes.length > 0 ? axes : [{ size: 1, a: 1, b: 1 }];
}

/** Short rows that repeat are laid out this long first. */
const REPEATED = 1024;
const SHORT = 128;

export interface Rows {
  rows: number;
  /** Elements a row. */
  n: number;
  total: number;
  /** Whether an operand runs along a row. */
  runs: [a: boolean, b: boolean];
  /** Sizes of the two faster axes that number the rows, and the three axes' strides. */
  sizes: [number, number];
  strides: { a: number[]; b: number[] };
  /** Which operand has to be repeated, and how often, before the rows are right. */
  repeat?: { operand: 'a' | 'b'; times: number };
}

/** Rows for the kernel `binary`; undefined where it takes more axes than it has. */
export function rowsOf(
  shape: readonly number[],
  aShape: readonly number[],
  bShape: readonly number[],
): Rows | undefined {
  const total = sizeOf(shape);
  const axes = joinedAxes(shape, broadcastStrides(aShape, shape), broadcastStrides(bShape, shape));
  const row = axes[axes.length - 1];
  if (axes.length === 2 && row.size < SHORT) {
    // One operand is a short row that serves all rows: repeated, it makes long ones.
    const operand =
      axes[0].b === 0 && row.b === 1 && row.a === 1
        ? 'b'
        : axes[0].a === 0 && row.a === 1 && row.b === 1
          ? 'a'
          : undefined;
    const times = Math.ceil(REPEATED / row.size) * 4;
    if (operand && axes[0].size > times) {
      const n = row.size * times;
      const strides = { a: [operand === 'a' ? 0 : n, 0, 0], b: [operand === 'b' ? 0 : n, 0, 0] };
      const rows = Math.ceil(total / n);
      return { rows, n, total, runs: [true, true], sizes: [rows, 1], strides, repeat: { operand, times } };
    }
  }
  const outer = axes.slice(0, -1).reverse();
  if (outer.length > 3 || row.a > 1 || row.b > 1) return undefined;
  const at = (i: number): Axis => outer[i] ?? { size: 1, a: 0, b: 0 };
  return {
    rows: total / row.size,
    n: row.size,
    total,
    runs: [row.a === 1, row.b === 1],
    sizes: [at(0).size, at(1).size],
    strides: { a: [0, 1, 2].map((i) => at(i).a), b: [0, 1, 2].map((i) => at(i).b) },
  };
}
