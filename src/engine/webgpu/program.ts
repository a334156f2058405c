/** A compute shader: its source, and how many buffers it reads and writes. */

export interface Program {
  /** Names the source: two programs of one key are the same. */
  readonly key: string;
  readonly reads: number;
  readonly writes: number;
  /** WGSL from bindings on; `HEADER` comes before it. */
  readonly source: string;
}

/** Bytes of the parameters of one dispatch, as 32-bit words. */
export const PARAMETER_BYTES = 256;

/** Threads of a group in kernels that treat elements one by one. */
const GROUP = 128;

const made = new Map<string, Program>();

/** The program of that key; its source is written once. */
export function program(key: string, reads: number, writes: number, source: () => string): Program {
  let found = made.get(key);
  if (!found) {
    found = { key, reads, writes, source: source() };
    made.set(key, found);
  }
  return found;
}

/** Declares the parameters, in the order of the words given to a dispatch. */
export const parameters = (...fields: string[]): string =>
  `struct P { ${fields.map((field) => (field.includes(':') ? field : `${field}: u32`)).join(', ')} }
@group(0) @binding(0) var<uniform> p: P;`;

/** `reads(['x', 'f32'])`: binding 1 on. */
export const buffers = (reads: [string, string][], writes: [string, string][]): string =>
  [
    ...reads.map(([name, type], i) => `@group(0) @binding(${1 + i}) var<storage, read> ${name}: array<${type}>;`),
    ...writes.map(
      ([name, type], i) =>
        `@group(0) @binding(${1 + reads.length + i}) var<storage, read_write> ${name}: array<${type}>;`,
    ),
  ].join('\n');

/** A main function whose `index` counts elements; groups are laid out in two dimensions, because one ends at 65,535. */
export const eachElement = (count: string, body: string, index = 'i'): string => `
@compute @workgroup_size(${GROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let ${index} = (group.x + group.y * groups.x) * ${GROUP}u + local;
  if (${index} >= ${count}) { return; }
${body}
}`;

/** A main function for cooperating threads; `id` counts groups. */
export const eachGroup = (threads: number, count: string, body: string): string => `
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let id = group.x + group.y * groups.x;
  if (id >= ${count}) { return; }
${body}
}`;

const view = new DataView(new ArrayBuffer(4));

/** The bits of a 32-bit float, as a parameter word. */
export function bits(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

/** Groups of a kernel that treats `count` elements one by one. */
export const groupsFor = (count: number): number => Math.ceil(count / GROUP);

/**
 * What is no number, told by its bits: WGSL leaves open what max, clamp and comparisons make of it, and GPUs give the other
 * operand, so that a training which diverges would go on. `isNan` of `T`; of whole numbers none.
 */
export const isNan = (T: string): string => {
  if (T === 'f32') return 'fn isNan(a: f32) -> bool { return (bitcast<u32>(a) & 0x7fffffffu) > 0x7f800000u; }';
  if (T === 'vec4<f32>')
    return 'fn isNan(a: vec4<f32>) -> vec4<bool> { return (bitcast<vec4<u32>>(a) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u); }';
  return `fn isNan(a: ${T}) -> bool { return false; }`;
};

/** The larger (or smaller) of `a` and `b`, or whichever is no number. */
export const extremeOf = (f: 'max' | 'min'): string => `select(select(${f}(a, b), b, isNan(b)), a, isNan(a))`;
