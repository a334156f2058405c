/** Element-wise programs: one function of one or two elements, over equal sizes, with a number, or broadcast. */
import type { WgslType } from '../backend.ts';
import { buffers, eachElement, isNan, type Program, parameters, program } from '../program.ts';

/** A function of WGSL: its body over `a` (and `b`) of type T. */
export interface Formula {
  name: string;
  body: string;
}

/** No number, and infinity: WGSL has no words for them, and refuses expressions that it can tell to give them. */
const MADE = `
fn nan(a: f32) -> f32 { return bitcast<f32>(0x7fc00000u | (bitcast<u32>(a) & 1u)); }
fn infinity(a: f32) -> f32 { return bitcast<f32>(0x7f800000u | (bitcast<u32>(a) & 0x80000000u)); }`;

const FOUR = ['x', 'y', 'z', 'w'] as const;

/** out = f(a, b), equal sizes, four elements a thread. Parameters: fours. */
export const binarySame = ({ name, body }: Formula, T: WgslType, R: WgslType): Program =>
  program(`${name} ${T} same`, 2, 1, () => {
    const each = FOUR.map((lane) => `f(x.${lane}, y.${lane})`);
    return `${parameters('count')}
${buffers(
  [
    ['a', `vec4<${T}>`],
    ['b', `vec4<${T}>`],
  ],
  [['out', `vec4<${R}>`]],
)}
${isNan(T)}${T === 'f32' ? MADE : ''}
fn f(a: ${T}, b: ${T}) -> ${R} { ${body} }
${eachElement('p.count', `  let x = a[i]; let y = b[i]; out[i] = vec4<${R}>(${each.join(', ')});`)}`;
  });

/** out = f(a, number), or f(number, a) with `first`. Parameters: fours, the number. */
export const binaryNumber = ({ name, body }: Formula, T: WgslType, R: WgslType, first: boolean): Program =>
  program(`${name} ${T} ${first ? 'number first' : 'number'}`, 1, 1, () => {
    const each = FOUR.map((lane) => (first ? `f(p.number, x.${lane})` : `f(x.${lane}, p.number)`));
    return `${parameters('count', `number: ${T}`)}
${buffers([['a', `vec4<${T}>`]], [['out', `vec4<${R}>`]])}
${isNan(T)}${T === 'f32' ? MADE : ''}
fn f(a: ${T}, b: ${T}) -> ${R} { ${body} }
${eachElement('p.count', `  let x = a[i]; out[i] = vec4<${R}>(${each.join(', ')});`)}`;
  });

/** Most sides that a broadcast has after neighbours of one kind were joined. */
export const BROADCAST_SIDES = 6;

/** out = f(a, b) with strides. Parameters: elements, sides, strides of a and of b, six words each. */
export const binaryBroadcast = ({ name, body }: Formula, T: WgslType, R: WgslType): Program =>
  program(`${name} ${T} broadcast`, 2, 1, () => {
    const words = (field: string) => Array.from({ length: BROADCAST_SIDES }, (_, n) => `${field}${n}`);
    const side = (n: number) => `  { let at = rest % p.n${n}; rest /= p.n${n}; x += at * p.a${n}; y += at * p.b${n}; }`;
    return `${parameters('count', ...words('n'), ...words('a'), ...words('b'))}
${buffers(
  [
    ['a', T],
    ['b', T],
  ],
  [['out', R]],
)}
${isNan(T)}${T === 'f32' ? MADE : ''}
fn f(a: ${T}, b: ${T}) -> ${R} { ${body} }
${eachElement(
  'p.count',
  `  var rest = i; var x = 0u; var y = 0u;
${Array.from({ length: BROADCAST_SIDES }, (_, n) => side(BROADCAST_SIDES - 1 - n)).join('\n')}
  out[i] = f(a[x], b[y]);`,
)}`;
  });

/** out = f(a), four elements a thread; the body may use p.first and p.second. Parameters: fours, first, second. */
export const unary = ({ name, body }: Formula, T: WgslType, R: WgslType): Program =>
  program(`${name} ${T} to ${R}`, 1, 1, () => {
    const each = FOUR.map((lane) => `f(x.${lane})`);
    return `${parameters('count', `first: ${T}`, `second: ${T}`)}
${buffers([['x', `vec4<${T}>`]], [['out', `vec4<${R}>`]])}
${isNan(T)}${T === 'f32' ? MADE : ''}
fn f(a: ${T}) -> ${R} { ${body} }
${eachElement('p.count', `  let x = x[i]; out[i] = vec4<${R}>(${each.join(', ')});`)}`;
  });

/** out = condition ? yes : no, on words; a condition of fewer sides counts for `each` elements. Parameters: elements, each. */
export const select: Program = program(
  'select',
  3,
  1,
  () => `${parameters('count', 'each')}
${buffers(
  [
    ['condition', 'u32'],
    ['yes', 'u32'],
    ['no', 'u32'],
  ],
  [['out', 'u32']],
)}
${eachElement('p.count', '  out[i] = select(no[i], yes[i], condition[i / p.each] != 0u);')}`,
);
