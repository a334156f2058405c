/**
 * The convolution 3x3x3 by small matrix products (products.ts): an implicit product by taps, y[v, k] = sum over taps t and channels c of
 * x[v + t, c] w[t, c, k], half precision in, float32 sums. A group shares a box of voxels with its border, 16 channels at a time; each of
 * its teams has one plane of it: some rows of 16 voxels, for up to four blocks of 16 output channels. A row that was read serves the three
 * taps that it lies under. Sides and channels need not be multiples of anything: what is missing is zero, and what is beyond is not written.
 */
import { eachGroup, type Program, parameters, program } from '../program.ts';
import { type Products, SIDE, TEAM } from './products.ts';

/** Voxels of a row; a group's box has some planes, one a team, and `rows` of them a plane. */
export const ROW = SIDE;
const HALO_ROW = ROW + 2;
const haloPlane = ({ rows }: Products): number => (rows + 2) * HALO_ROW;
const STAGE = SIDE * SIDE;

/** The box and its border in shared memory, 16 channels of it: its voxels, and elements between them. */
export const halo = (products: Products, planes: number) => {
  const { gap, bytes } = products;
  const voxels = (planes + 2) * haloPlane(products);
  return { voxels, stride: SIDE + gap, elements: voxels * (SIDE + gap), bytes: voxels * (SIDE + gap) * bytes };
};

/** Bytes of shared memory. */
export const convolutionBytes = (products: Products, planes: number): number =>
  halo(products, planes).bytes + 4 * planes * STAGE;

export interface MatrixForm {
  /** Of a group's box. */
  planes: number;
  /** Blocks of 16 output channels that a group computes: 1 to 4. */
  blocks: number;
  /** Channels in and out are multiples of four. */
  vectorIn: boolean;
  vectorOut: boolean;
  /** x is multiplied by scale[0], and y by scale[1]. */
  scaled: boolean;
}

const count = (n: number): number[] => [...Array(n).keys()];

/** What is loaded: items of four channels, and where one of them comes from and goes to, by its number `i`. */
interface Load {
  items: number;
  threads: number;
  array: string;
  vector: boolean;
  /** WGSL that names `at`, `channel` and `inside` of an item. */
  place: string;
  limit: string;
  factor: string;
  to: string;
  into: string;
}

/** Several items at a time, without a branch before the loads: else each would wait for the one before it. */
export function loadItems(
  { half, ahead: most }: Products,
  { items, threads, array, vector, place, limit, factor, to, into }: Load,
): string {
  const lanes = ['x', 'y', 'z', 'w'];
  const own = (text: string, n: number) => text.replace(/\b(i|j|at|channel|inside|ix|iy|iz)\b/g, `$1_${n}`);
  const ahead = count(Math.min(most, Math.ceil(items / threads)));
  const loaded = vector
    ? `${array}[select(0u, (at + channel) / 4u, inside)]`
    : `vec4<f32>(${count(4)
        .map(
          (n) =>
            `select(0.0, ${array}[select(0u, at + channel + ${n}u, inside && channel + ${n}u < ${limit})], channel + ${n}u < ${limit})`,
        )
        .join(', ')})`;
  return `
    for (var first_ = local; first_ < ${items}u; first_ += ${threads * ahead.length}u) {
      ${ahead.map((n) => own(`let i = min(first_ + ${n * threads}u, ${items - 1}u); ${place} let v_${n} = ${loaded};`, n)).join('\n      ')}
      ${ahead
        .map((n) =>
          own(
            `{ let value = select(vec4<f32>(0.0), v_${n}${factor}, inside); let to = ${to}; ${lanes
              .map((lane, m) => `${into}[to + ${m}u] = ${half}(value.${lane});`)
              .join(' ')} }`,
            n,
          ),
        )
        .join('\n      ')}
    }`;
}

/** Loads the box and its border, 16 channels from `first` on, into the shared array `box`. */
export function loadHalo(products: Products, planes: number, vector: boolean, threads: number, factor: string): string {
  const { voxels, stride } = halo(products, planes);
  return loadItems(products, {
    ...{ items: voxels * 4, threads, array: 'x', vector, limit: 'p.c', factor, into: 'box' },
    // Unsigned: one before the border is huge, so one comparison covers both sides.
    place: `let j = i / 4u; let channel = first + i % 4u * 4u;
      let ix = x0 + j % ${HALO_ROW}u - 1u; let iy = y0 + (j / ${HALO_ROW}u) % ${products.rows + 2}u - 1u; let iz = z0 + j / ${haloPlane(products)}u - 1u;
      let inside = ix < p.w && iy < p.h && iz < p.d && channel < p.c;
      let at = (((planes + iz) * p.h + iy) * p.w + ix) * p.c;`,
    to: `j * ${stride}u + i % 4u * 4u`,
  });
}

/** Where a row of the box stands that a tap reads: `plane` and `row` of the box with its border, `dx` along it. */
export const haloRow = (
  products: Products,
  plane: string,
  row: number,
  dx: string,
): { array: string; at: string; stride: string } => {
  const { stride } = halo(products, 1);
  return {
    array: 'box',
    at: `((${plane}) * ${haloPlane(products)}u + ${row * HALO_ROW}u + ${dx}) * ${stride}u`,
    stride: `${stride}u`,
  };
};

/**
 * Parameters: images, d, h, w, c, k, boxes along x, y and z, groups of output channels, blocks of 16 channels in, and channels out with what
 * fills their last block. Reads x [N, D, H, W, C], weights [27, C, K] in blocks of 16 and half precision, perhaps the scale.
 */
export function matrixConvolution(products: Products, form: MatrixForm): Program {
  const { planes, blocks, vectorIn, vectorOut, scaled } = form;
  const key = `conv matrix ${products.key} ${planes} ${blocks} ${vectorIn} ${vectorOut} ${scaled}`;
  return program(key, scaled ? 3 : 2, 1, () => source(products, form));
}

function source(products: Products, { planes, blocks, vectorIn, vectorOut, scaled }: MatrixForm): string {
  const threads = planes * TEAM;
  const { half } = products;
  const type = (vector: boolean) => (vector ? 'vec4<f32>' : 'f32');
  const rows = count(products.rows);
  const columns = count(blocks);
  const each = (line: (r: number, n: number) => string) =>
    rows.flatMap((r) => columns.map((n) => line(r, n))).join('\n      ');
  const out = scaled ? 3 : 2;
  const written = (r: number, n: number) => `
    ${products.store('stage', `team * ${STAGE}u`, `s_${r}_${n}`)}
    workgroupBarrier();
    for (var i = thread; i < ${STAGE / 4}u; i += ${TEAM}u) {
      let ox = x0 + i / 4u;
      let to = k0 + ${n * SIDE}u + i % 4u * 4u;
      if (ox < p.w && y0 + ${r}u < p.h && oz < p.d && to < p.k) {
        let at = (((planes + oz) * p.h + y0 + ${r}u) * p.w + ox) * p.k + to;
        let from_ = team * ${STAGE}u + i * 4u;
        let value = vec4<f32>(stage[from_], stage[from_ + 1u], stage[from_ + 2u], stage[from_ + 3u])${scaled ? ' * scale[1]' : ''};
        ${
          vectorOut
            ? 'y[at / 4u] = value;'
            : count(4)
                .map((m) => `if (to + ${m}u < p.k) { y[at + ${m}u] = value[${m}]; }`)
                .join(' ')
        }
      }
    }
    workgroupBarrier();`;
  const nine = count(9);
  const taps = `      let tap = ((dz * 9u + dx) * p.chunks + chunk) * ${SIDE}u * p.kAll + k0;
      let further = 3u * p.chunks * ${SIDE}u * p.kAll;
      ${count(3)
        .flatMap((dy) =>
          columns.map((n) =>
            products.right(`b_${dy}_${n}`, {
              array: 'weights',
              at: `tap + ${dy}u * further + ${n * SIDE}u`,
              stride: 'p.kAll',
            }),
          ),
        )
        .join('\n      ')}
      ${count(products.rows + 2)
        .map((row) => {
          const left = products.left(`a_${row}`, haloRow(products, 'team + dz', row, 'dx'));
          const sums = count(3).flatMap((dy) =>
            rows.includes(row - dy)
              ? columns.map((n) => products.add(`s_${row - dy}_${n}`, `a_${row}`, `b_${dy}_${n}`))
              : [],
          );
          return [left, ...sums].join('\n      ');
        })
        .join('\n      ')}`;
  return `${products.enable}${parameters('images', 'd', 'h', 'w', 'c', 'k', 'nx', 'ny', 'nz', 'across', 'chunks', 'kAll')}
@group(0) @binding(1) var<storage, read> x: array<${type(vectorIn)}>;
@group(0) @binding(2) var<storage, read> weights: array<${half}>;
${scaled ? '@group(0) @binding(3) var<storage, read> scale: array<f32>;' : ''}
@group(0) @binding(${out + 1}) var<storage, read_write> y: array<${type(vectorOut)}>;
var<workgroup> box: array<${half}, ${halo(products, planes).elements}>;
var<workgroup> stage: array<f32, ${planes * STAGE}>;
${eachGroup(
  threads,
  'p.across * p.nx * p.ny * p.nz * p.images',
  `
  let k0 = (id % p.across) * ${blocks * SIDE}u;
  var rest = id / p.across;
  let x0 = (rest % p.nx) * ${ROW}u;
  rest /= p.nx;
  let y0 = (rest % p.ny) * ${products.rows}u;
  rest /= p.ny;
  let z0 = (rest % p.nz) * ${planes}u;
  let planes = rest / p.nz * p.d;
  let team = local / ${TEAM}u;
  let thread = local % ${TEAM}u;
  ${each((r, n) => products.zero(`s_${r}_${n}`))}
  for (var chunk = 0u; chunk < p.chunks; chunk++) {
    let first = chunk * ${SIDE}u;
    workgroupBarrier();
${loadHalo(products, planes, vectorIn, threads, scaled ? ' * scale[0]' : '')}
    workgroupBarrier();
${
  blocks <= products.unrolled
    ? nine.map((zx) => `    { let dz = ${Math.floor(zx / 3)}u; let dx = ${zx % 3}u;\n${taps}\n    }`).join('\n')
    : `    for (var zx = 0u; zx < 9u; zx++) {
      let dz = zx / 3u;
      let dx = zx % 3u;
${taps}
    }`
}
  }
  let oz = z0 + team;
${each(written)}`,
)}`;
}
