/** Moving words without changing them: one program for slices, transpositions, tiles and padding, one each to join tensors and to part one. */
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

/** Tensors that one dispatch joins or parts; with the whole these are the eight buffers that every GPU binds. */
export const JOINED = 7;

/** `one` for the part that column `at` of a row is of, by the ends of the parts. */
const eachPart = (parts: number, one: (part: string, place: string) => string): string =>
  Array.from({ length: parts }, (_, n) => {
    const start = n === 0 ? '0u' : `p.end${n - 1}`;
    const place = `row * (p.end${n} - ${start}) + at - ${start}`;
    return `${n === 0 ? '' : ' else '}if (at < p.end${n}) { ${one(`part${n}`, place)} }`;
  }).join('');

const between = (
  name: string,
  parts: number,
  whole: 'reads' | 'writes',
  one: (part: string, place: string) => string,
) =>
  program(`${name} ${parts}`, whole === 'reads' ? 1 : parts, whole === 'reads' ? parts : 1, () => {
    const list = Array.from({ length: parts }, (_, n): [string, string] => [`part${n}`, 'u32']);
    const ends = list.map((_, n) => `end${n}`);
    const [reads, writes]: [string, string][][] =
      whole === 'reads' ? [[['whole', 'u32']], list] : [list, [['whole', 'u32']]];
    return `${parameters('count', 'columns', 'first', 'row', ...ends)}
${buffers(reads, writes)}
${eachElement(
  'p.count',
  `  let row = i / p.columns;
  let at = i % p.columns;
  let to = row * p.row + p.first + at;
  ${eachPart(parts, one)}`,
)}`;
  });

/**
 * Rows of several tensors side by side, as columns of the rows of one. Parameters: elements, columns of these tensors, their first one in a
 * row of the whole, columns of that row, where each tensor ends.
 */
export const join = (parts: number): Program =>
  between('join', parts, 'writes', (part, place) => `whole[to] = ${part}[${place}];`);

/** The inverse, with the same parameters. */
export const part = (parts: number): Program =>
  between('part', parts, 'reads', (part, place) => `${part}[${place}] = whole[to];`);

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
