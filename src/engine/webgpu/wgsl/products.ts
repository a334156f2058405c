/**
 * Small matrix products that 32 threads share: by a chip's matrix units (half precision in, float32 sums), or by the same threads one number
 * after the other in float32, which any adapter can do. Kernels are written once, in terms of these; so what surrounds the products can be
 * tested where there are no units.
 */

/** Threads that share a product: a subgroup of NVIDIA's, Apple's and most others. */
export const TEAM = 32;
/** Sides of a product: 16 rows times 16 columns over 16 terms. */
export const SIDE = 16;

/** Where a factor lies: `array[at + row * stride + column]`, or with rows and columns exchanged. */
export interface Place {
  array: string;
  at: string;
  stride: string;
  /** Rows of the factor lie side by side. */
  columns?: boolean;
}

/** Pieces of WGSL. Names of sums and factors are those of variables. */
export interface Products {
  /** Part of a program's key. */
  readonly key: string;
  /** What comes before everything else. */
  readonly enable: string;
  /** Type of the factors' elements, and its bytes. */
  readonly half: 'f16' | 'f32';
  readonly bytes: number;
  /** Rows of 16 voxels that a team has sums of. */
  readonly rows: number;
  /** Elements between the rows of factors in shared memory, beyond their own: eight rows then lie in different banks. */
  readonly gap: number;
  /** Up to as many blocks of sums the products of all taps are written out one by one, so that loads of one can begin before the last is done. */
  readonly unrolled: number;
  /** Loads that a thread asks for before it waits for the first of them. */
  readonly ahead: number;
  zero(sum: string): string;
  left(name: string, place: Place): string;
  right(name: string, place: Place): string;
  /** sum += left * right */
  add(sum: string, left: string, right: string): string;
  /** Writes a sum row by row, `SIDE` apart, where `thread` is the thread's number among the team. */
  store(array: string, at: string, sum: string): string;
}

/** By matrix units. */
export const byUnits = (): Products => {
  const load = (kind: string, name: string, { array, at, stride, columns }: Place) => {
    const type = `subgroup_matrix_${kind}<f16, ${SIDE}, ${SIDE}>`;
    return `let ${name} = subgroupMatrixLoad<${type}, ${columns ? 'col_major' : 'row_major'}>(&${array}, ${at}, ${stride});`;
  };
  return {
    key: 'units',
    enable: `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);
`,
    half: 'f16',
    bytes: 2,
    rows: 4,
    gap: 8,
    unrolled: 2,
    ahead: 4,
    zero: (sum) => `var ${sum} = subgroup_matrix_result<f32, ${SIDE}, ${SIDE}>();`,
    left: (name, place) => load('left', name, place),
    right: (name, place) => load('right', name, place),
    add: (sum, left, right) => `${sum} = subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${sum});`,
    store: (array, at, sum) => `subgroupMatrixStore<row_major>(&${array}, ${at}, ${sum}, ${SIDE}u);`,
  };
};

/** One number after the other: a thread has half a row of a sum. */
export const byThreads = (): Products => {
  const places = new Map<string, Place>();
  const remember = (name: string, place: Place) => {
    places.set(name, place);
    return `let ${name} = ${place.at};`;
  };
  const HALF = SIDE / 2;
  const columns = Array.from({ length: HALF }, (_, n) => n);
  const element = ({ array, stride, columns: turned }: Place, name: string, row: string, column: string) =>
    turned
      ? `${array}[${name} + ${column} * ${stride} + ${row}]`
      : `${array}[${name} + ${row} * ${stride} + ${column}]`;
  return {
    key: 'threads',
    enable: '',
    half: 'f32',
    bytes: 4,
    rows: 2,
    gap: 0,
    unrolled: 0,
    ahead: 1,
    zero: (sum) => `var ${sum} = array<f32, ${HALF}>();`,
    left: remember,
    right: remember,
    add: (sum, left, right) => {
      const [a, b] = [places.get(left) as Place, places.get(right) as Place];
      return `for (var t = 0u; t < ${SIDE}u; t++) { let v = ${element(a, left, 'thread / 2u', 't')}; ${columns
        .map((n) => `${sum}[${n}] += v * ${element(b, right, 't', `(thread % 2u * ${HALF}u + ${n}u)`)};`)
        .join(' ')} }`;
    },
    store: (array, at, sum) =>
      columns
        .map((n) => `${array}[${at} + thread / 2u * ${SIDE}u + thread % 2u * ${HALF}u + ${n}u] = ${sum}[${n}];`)
        .join(' '),
  };
};
