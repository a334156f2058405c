/**
 * Matrix products with any strides: a group computes a tile of the result from tiles of both factors in shared memory,
 * each thread 4 x 4 (or 4 x 1) values of it. Long sums with a small result are cut into slabs, added in a second pass.
 */
import { eachGroup, type Program, parameters, program } from '../program.ts';

export const ROWS = 64;
/** Terms of a sum that are shared at a time. */
const DEPTH = 16;

/** Columns of a tile: as few as the result has. */
export const tileColumns = (n: number): 4 | 16 | 64 => (n <= 4 ? 4 : n <= 16 ? 16 : 64);

/**
 * Parameters: batches, m, n, p, then batch, row and column strides of a, of b and of the result, slabs, terms of a slab,
 * the result's stride of a slab, tiles down and across.
 */
export const product = (columns: 4 | 16 | 64, T: 'f32' | 'i32' = 'f32'): Program =>
  program(`matmul ${columns} ${T}`, 2, 1, () => source(columns, T));

function source(columns: number, T: 'f32' | 'i32'): string {
  const add = (a: string, b: string, sum: string) => (T === 'f32' ? `fma(${a}, ${b}, ${sum})` : `${a} * ${b} + ${sum}`);
  const each = columns === 4 ? 1 : 4;
  const across = columns / each;
  const threads = (ROWS / 4) * across;
  const rows = [0, 1, 2, 3];
  const cells = Array.from({ length: each }, (_, n) => n);
  return `${parameters(
    ...['batches', 'm', 'n', 'p', 'aBatch', 'aRow', 'aColumn', 'bBatch', 'bRow', 'bColumn'],
    ...['oBatch', 'oRow', 'oColumn', 'slabs', 'terms', 'oSlab', 'down', 'across'],
  )}
@group(0) @binding(1) var<storage, read> a: array<${T}>;
@group(0) @binding(2) var<storage, read> b: array<${T}>;
@group(0) @binding(3) var<storage, read_write> out: array<${T}>;
var<workgroup> left: array<${T}, ${ROWS * (DEPTH + 1)}>;
var<workgroup> right: array<${T}, ${DEPTH * columns}>;
${eachGroup(
  threads,
  'p.batches * p.slabs * p.down * p.across',
  `
  let j0 = (id % p.across) * ${columns}u;
  let i0 = ((id / p.across) % p.down) * ${ROWS}u;
  let slab = (id / (p.across * p.down)) % p.slabs;
  let batch = id / (p.across * p.down * p.slabs);
  let ti = (local / ${across}u) * 4u;
  let tj = local % ${across}u;
  let end = min((slab + 1u) * p.terms, p.p);
  ${rows.map((r) => cells.map((c) => `var s${r}${c} = ${T}(0);`).join(' ')).join(' ')}
  for (var t0 = slab * p.terms; t0 < end; t0 += ${DEPTH}u) {
    workgroupBarrier();
    for (var e = local; e < ${ROWS * DEPTH}u; e += ${threads}u) {
      // Neighbouring threads read neighbouring words, whichever way a lies.
      let byRow = p.aColumn == 1u;
      let r = select(e % ${ROWS}u, e / ${DEPTH}u, byRow);
      let t = select(e / ${ROWS}u, e % ${DEPTH}u, byRow);
      var value = ${T}(0);
      if (i0 + r < p.m && t0 + t < end) { value = a[batch * p.aBatch + (i0 + r) * p.aRow + (t0 + t) * p.aColumn]; }
      left[r * ${DEPTH + 1}u + t] = value;
    }
    for (var e = local; e < ${DEPTH * columns}u; e += ${threads}u) {
      let byRow = p.bColumn == 1u;
      let t = select(e % ${DEPTH}u, e / ${columns}u, byRow);
      let c = select(e / ${DEPTH}u, e % ${columns}u, byRow);
      var value = ${T}(0);
      if (j0 + c < p.n && t0 + t < end) { value = b[batch * p.bBatch + (t0 + t) * p.bRow + (j0 + c) * p.bColumn]; }
      right[t * ${columns}u + c] = value;
    }
    workgroupBarrier();
    for (var t = 0u; t < ${DEPTH}u; t++) {
      ${cells.map((c) => `let r${c} = right[t * ${columns}u + tj + ${c * across}u];`).join(' ')}
      ${rows
        .map(
          (r) =>
            `{ let l = left[(ti + ${r}u) * ${DEPTH + 1}u + t]; ${cells.map((c) => `s${r}${c} = ${add('l', `r${c}`, `s${r}${c}`)};`).join(' ')} }`,
        )
        .join('\n      ')}
    }
  }
  let to = slab * p.oSlab + batch * p.oBatch;
${rows
  .flatMap((r) =>
    cells.map(
      (c) =>
        `  if (i0 + ti + ${r}u < p.m && j0 + tj + ${c * across}u < p.n) { out[to + (i0 + ti + ${r}u) * p.oRow + (j0 + tj + ${c * across}u) * p.oColumn] = s${r}${c}; }`,
    ),
  )
  .join('\n')}`,
)}`;
}
