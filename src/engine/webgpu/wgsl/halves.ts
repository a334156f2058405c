/** What products in half precision need beforehand: weights in blocks of 16 channels, and a scale that keeps small slopes from vanishing. */
import { buffers, eachElement, eachGroup, type Program, parameters, program } from '../program.ts';
import type { Products } from './products.ts';

/**
 * [27, C, K] in blocks of 16 with zeros where there are no channels; `turned`: taps turned round and channels exchanged, [27, K, C].
 * Parameters: elements of the result, its rows and columns in whole blocks, rows and columns of those that there are.
 */
export const weightsInBlocks = (products: Products, turned: boolean): Program =>
  program(
    `weights in blocks ${products.key} ${turned}`,
    1,
    1,
    () => `${products.enable}${parameters('count', 'rowsAll', 'columnsAll', 'rows', 'columns')}
${buffers([['w', 'f32']], [['out', products.half]])}
${eachElement(
  'p.count',
  `  let column = i % p.columnsAll;
  let row = i / p.columnsAll % p.rowsAll;
  let tap = i / (p.columnsAll * p.rowsAll);
  var value = 0.0;
  if (row < p.rows && column < p.columns) {
    value = w[${turned ? '((26u - tap) * p.columns + column) * p.rows + row' : '(tap * p.rows + row) * p.columns + column'}];
  }
  out[i] = ${products.half}(value);`,
)}`,
  );

const THREADS = 128;
/** Sizes that a thread asks for at a time. */
const AHEAD = 4;

/** The largest size of what each group reads, four values at a time in vectors. Parameters: values or vectors, groups. */
export const largestOfGroups = (vector: boolean): Program =>
  program(`largest of groups ${vector}`, 1, 1, () => {
    const type = vector ? 'vec4<u32>' : 'u32';
    const turns = [...Array(AHEAD).keys()];
    return `${parameters('count', 'groups')}
${buffers([['x', type]], [['out', 'f32']])}
var<workgroup> most: array<u32, ${THREADS}>;
${eachGroup(
  THREADS,
  'p.groups',
  `  var own = ${type}(0u);
  let stride = p.groups * ${THREADS}u;
  // Sizes of floats are in the order of their bits without the sign, and what is no number is above all. The last is seen several times.
  for (var i = id * ${THREADS}u + local; i < p.count; i += stride * ${AHEAD}u) {
    ${turns.map((n) => `let v_${n} = x[min(i + ${n}u * stride, p.count - 1u)];`).join(' ')}
    ${turns.map((n) => `own = max(own, v_${n} & ${type}(0x7fffffffu));`).join(' ')}
  }
  most[local] = ${vector ? 'max(max(own.x, own.y), max(own.z, own.w))' : 'own'};
  for (var s = ${THREADS / 2}u; s > 0u; s /= 2u) {
    workgroupBarrier();
    if (local < s) { most[local] = max(most[local], most[local + s]); }
  }
  if (local == 0u) { out[id] = bitcast<f32>(most[0]); }`,
)}`;
  });

/** Where the largest size is brought to: far below what half precision holds (65,504), and the smallest that counts far above its last step. */
const TARGET_EXPONENT = 8;

/**
 * A power of two by which the largest size comes to about 2^8, and one through it; 1 and 1 where there is no size or no number.
 * Parameter: sizes.
 */
export const scaleOfLargest: Program = program(
  'scale of largest',
  1,
  1,
  () => `${parameters('count')}
${buffers([['sizes', 'u32']], [['out', 'f32']])}
var<workgroup> most: array<u32, ${THREADS}>;
${eachGroup(
  THREADS,
  '1u',
  `  var own = 0u;
  for (var n = local; n < p.count; n += ${THREADS}u) { own = max(own, sizes[n]); }
  most[local] = own;
  for (var s = ${THREADS / 2}u; s > 0u; s /= 2u) {
    workgroupBarrier();
    if (local < s) { most[local] = max(most[local], most[local + s]); }
  }
  if (local == 0u) {
    let exponent = i32(most[0] >> 23u) - 127;
    let power = clamp(${TARGET_EXPONENT} - exponent, -100, 100);
    let usual = most[0] > 0u && exponent < 128;
    out[0] = select(1.0, bitcast<f32>(u32(127 + power) << 23u), usual);
    out[1] = select(1.0, bitcast<f32>(u32(127 - power) << 23u), usual);
  }`,
)}`,
);
