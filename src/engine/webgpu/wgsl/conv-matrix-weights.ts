/**
 * The weight gradient of a 3x3x3 convolution by small matrix products (products.ts): dw[t, c, k] = sum over voxels of x[v + t, c] dy[v, k],
 * 16 channels in and one or two blocks of 16 channels out a group, half precision in, float32 sums. A group has three teams a plane of its
 * box, one for each plane of taps, and nine sums a team and block; it walks over the boxes of one slab of voxels. Slabs are added in a second pass in a fixed
 * order, as with conv-weights.ts.
 */
import { eachGroup, type Program, parameters, program } from '../program.ts';
import { halo, haloRow, loadHalo, loadItems, ROW } from './conv-matrix.ts';
import { type Products, SIDE, TEAM } from './products.ts';

/** Planes of taps: teams of a plane of the box. */
const TAPS = 3;
const STAGE = SIDE * SIDE;

/** dy in shared memory: its voxels, and elements between them. */
const slopesOf = ({ gap, rows }: Products, planes: number, blocks: number) => ({
  voxels: planes * rows * ROW,
  stride: blocks * SIDE + gap,
});

/** Bytes of shared memory. */
export const weightsBytes = (products: Products, planes: number, blocks: number): number => {
  const { voxels, stride } = slopesOf(products, planes, blocks);
  return halo(products, planes).bytes + voxels * stride * products.bytes + 4 * TAPS * planes * STAGE;
};

export interface MatrixWeightsForm {
  /** Of a group's box. */
  planes: number;
  /** Blocks of 16 output channels that a group computes: 1 or 2. */
  blocks: number;
  vectorX: boolean;
  vectorY: boolean;
}

const count = (n: number): number[] => [...Array(n).keys()];

/**
 * Parameters: d, h, w, c, k, boxes along x, y and z of an image and of all images, slabs, groups of input and of output channels.
 * Reads x, dy and the scale of dy; writes [slabs times planes, 27, c, k].
 */
export function matrixWeights(products: Products, form: MatrixWeightsForm): Program {
  const key = `conv matrix weights ${products.key} ${form.planes} ${form.blocks} ${form.vectorX} ${form.vectorY}`;
  return program(key, 3, 1, () => source(products, form));
}

function source(products: Products, { planes, blocks, vectorX, vectorY }: MatrixWeightsForm): string {
  const { half, rows } = products;
  const { voxels, stride } = slopesOf(products, planes, blocks);
  const quarters = blocks * 4;
  const threads = TAPS * planes * TEAM;
  const columns = count(blocks);
  const taps = count(3).flatMap((dy) => count(3).map((dx) => ({ dy, dx })));
  const each = (line: (dy: number, dx: number, n: number) => string) =>
    taps.flatMap(({ dy, dx }) => columns.map((n) => line(dy, dx, n))).join('\n');
  const written = (dy: number, dx: number, n: number) => `
  ${products.store('stage', `team * ${STAGE}u`, `s_${dy}_${dx}_${n}`)}
  workgroupBarrier();
  for (var i = thread; i < ${STAGE}u; i += ${TEAM}u) {
    let c = first + i / ${SIDE}u;
    let k = k0 + ${n * SIDE}u + i % ${SIDE}u;
    if (c < p.c && k < p.k) {
      dw[(((slab * ${planes}u + plane) * 27u + dz * 9u + ${dy * 3 + dx}u) * p.c + c) * p.k + k] = stage[team * ${STAGE}u + i] * scale[1];
    }
  }
  workgroupBarrier();`;
  return `${products.enable}${parameters('d', 'h', 'w', 'c', 'k', 'nx', 'ny', 'nz', 'boxes', 'slabs', 'cGroups', 'kGroups')}
@group(0) @binding(1) var<storage, read> x: array<${vectorX ? 'vec4<f32>' : 'f32'}>;
@group(0) @binding(2) var<storage, read> dy: array<${vectorY ? 'vec4<f32>' : 'f32'}>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read_write> dw: array<f32>;
var<workgroup> box: array<${half}, ${halo(products, planes).elements}>;
var<workgroup> slopes: array<${half}, ${voxels * stride}>;
var<workgroup> stage: array<f32, ${TAPS * planes * STAGE}>;
${eachGroup(
  threads,
  'p.slabs * p.cGroups * p.kGroups',
  `
  let k0 = (id % p.kGroups) * ${blocks * SIDE}u;
  let first = ((id / p.kGroups) % p.cGroups) * ${SIDE}u;
  let slab = id / (p.kGroups * p.cGroups);
  let team = local / ${TEAM}u;
  let dz = team % ${TAPS}u;
  let plane = team / ${TAPS}u;
  let thread = local % ${TEAM}u;
${each((dy, dx, n) => `  ${products.zero(`s_${dy}_${dx}_${n}`)}`)}
  for (var box_ = slab; box_ < p.boxes; box_ += p.slabs) {
    let x0 = (box_ % p.nx) * ${ROW}u;
    let y0 = ((box_ / p.nx) % p.ny) * ${rows}u;
    let z0 = ((box_ / (p.nx * p.ny)) % p.nz) * ${planes}u;
    let planes = box_ / (p.nx * p.ny * p.nz) * p.d;
    workgroupBarrier();
${loadHalo(products, planes, vectorX, threads, '')}
${loadItems(products, {
  ...{
    items: voxels * quarters,
    threads,
    array: 'dy',
    vector: vectorY,
    limit: 'p.k',
    factor: ' * scale[0]',
    into: 'slopes',
  },
  place: `let j = i / ${quarters}u; let channel = k0 + i % ${quarters}u * 4u;
      let ix = x0 + j % ${ROW}u; let iy = y0 + (j / ${ROW}u) % ${rows}u; let iz = z0 + j / ${ROW * rows}u;
      let inside = ix < p.w && iy < p.h && iz < p.d && channel < p.k;
      let at = (((planes + iz) * p.h + iy) * p.w + ix) * p.k;`,
  to: `j * ${stride}u + i % ${quarters}u * 4u`,
})}
    workgroupBarrier();
    {
      ${count(rows)
        .flatMap((row) =>
          columns.map((n) =>
            products.right(`b_${row}_${n}`, {
              array: 'slopes',
              at: `(plane * ${rows * ROW}u + ${row * ROW}u) * ${stride}u + ${n * SIDE}u`,
              stride: `${stride}u`,
            }),
          ),
        )
        .join('\n      ')}
      ${count(rows + 2)
        .flatMap((row) =>
          count(3).flatMap((dx) => {
            const place = haloRow(products, 'plane + dz', row, `${dx}u`);
            const left = products.left(`a_${row}_${dx}`, { ...place, columns: true });
            const sums = count(3).flatMap((dy) =>
              row - dy >= 0 && row - dy < rows
                ? columns.map((n) => products.add(`s_${dy}_${dx}_${n}`, `a_${row}_${dx}`, `b_${row - dy}_${n}`))
                : [],
            );
            return [left, ...sums];
          }),
        )
        .join('\n      ')}
    }
  }
${each(written)}`,
)}`;
}
