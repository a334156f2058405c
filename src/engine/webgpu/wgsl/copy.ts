/** Moving words without changing them: one program for slices, transpositions, tiles, padding and concatenation. */
import { buffers, eachElement, type Program, parameters, program } from '../program.ts';

/** Sides of the box that is copied, after neighbours were joined. */
export const COPY_SIDES = 8;

const words = (field: string, type = 'u32') => Array.from({ length: COPY_SIDES }, (_, n) => `${field}${n}: ${type}`);

/**
 * to[toFirst + sum(at * toStride)] = from[fromFirst + sum(at * fromStride)] over a box; strides may be negative.
 * Parameters: elements, both firsts, then sides, strides of from and of to, eight words each.
 */
export const copyBox: Program = program('copy box', 1, 1, () => {
  const side = (n: number) =>
    `  { let at = i32(rest % p.n${n}); rest /= p.n${n}; source += at * p.f${n}; target_ += at * p.t${n}; }`;
  return `${parameters('count', 'fromFirst: i32', 'toFirst: i32', ...words('n'), ...words('f', 'i32'), ...words('t', 'i32'))}
${buffers([['from_', 'u32']], [['to', 'u32']])}
${eachElement(
  'p.count',
  `  var rest = i; var source = p.fromFirst; var target_ = p.toFirst;
${Array.from({ length: COPY_SIDES }, (_, n) => side(COPY_SIDES - 1 - n)).join('\n')}
  to[target_] = from_[source];`,
)}`;
});

/** Rows of words between two row lengths. Parameters: elements, row, then first and row length of from and of to. */
export const copyRows: Program = program(
  'copy rows',
  1,
  1,
  () => `${parameters('count', 'row', 'fromFirst', 'fromRow', 'toFirst', 'toRow')}
${buffers([['from_', 'u32']], [['to', 'u32']])}
${eachElement(
  'p.count',
  '  to[p.toFirst + i / p.row * p.toRow + i % p.row] = from_[p.fromFirst + i / p.row * p.fromRow + i % p.row];',
)}`,
);

/** Parameters: elements, the word. */
export const fill: Program = program(
  'fill',
  0,
  1,
  () => `${parameters('count', 'word')}
${buffers([], [['to', 'u32']])}
${eachElement('p.count', '  to[i] = p.word;')}`,
);

/** A cuboid of `from_` in `into`, [maps, d, h, w, channels] both. Parameters: elements, d, h, w, channels, first voxel, sides. */
export const pasteBox: Program = program(
  'paste box',
  2,
  1,
  () => `${parameters('count', 'd', 'h', 'w', 'c', 'z', 'y', 'x', 'sz', 'sy', 'sx')}
${buffers(
  [
    ['into', 'u32'],
    ['from_', 'u32'],
  ],
  [['to', 'u32']],
)}
${eachElement(
  'p.count',
  `  let voxel = i / p.c;
  // Below the box the difference wraps round to a large number.
  let inside = voxel % p.w - p.x < p.sx && voxel / p.w % p.h - p.y < p.sy && voxel / p.w / p.h % p.d - p.z < p.sz;
  to[i] = select(into[i], from_[i], inside);`,
)}`,
);
