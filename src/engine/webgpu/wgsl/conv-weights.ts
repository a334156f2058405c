/**
 * The weight gradient of a 3x3x3 convolution, dw[tap, c, k] = sum over voxels of x[voxel + tap, c] dy[voxel, k], those of
 * all images. The voxels are cut into slabs, a group sums one slab for some input channels and up to 32 output channels, and the slabs
 * are added in a second pass in a fixed order: the result does not depend on which group was faster. A thread walks
 * along rows and keeps the three taps of a row in registers.
 */
import { eachGroup, type Program, parameters, program } from '../program.ts';

const ROW = 8;
const HALO_ROW = ROW + 2;
const FLOATS = 16;
/** Rows of a box along z and y. */
export const BOX = { z: 2, y: 4, x: ROW } as const;
const HALO = (BOX.z + 2) * (BOX.y + 2) * HALO_ROW;
const VOXELS = BOX.z * BOX.y * ROW;

export interface WeightsTile {
  /** Input channels of a group, in blocks of `ci`. */
  blocks: number;
  /** Output channels of a group, in fours. */
  fours: number;
}

const sharedBytes = ({ blocks, fours }: WeightsTile): number => FLOATS * (HALO * blocks + VOXELS * fours);

export function weightsTile(c: number, k: number, shared: number, threads: number): WeightsTile {
  const fours = k > 16 ? 8 : k > 8 ? 4 : k > 4 ? 2 : 1;
  const blocks = c > 4 ? 2 : 1;
  const tiles: WeightsTile[] = [
    { blocks, fours },
    { blocks: 1, fours },
    { blocks: 1, fours: Math.min(4, fours) },
  ];
  return (
    tiles.find((tile) => sharedBytes(tile) <= shared && 9 * tile.blocks * tile.fours <= threads) ??
    (tiles.at(-1) as WeightsTile)
  );
}

/**
 * Parameters: d, h, w, c, k, boxes along x, y and z of an image and of all images, slabs, groups of input and of output channels.
 * Writes [slabs, 27, c, k].
 */
export function convolutionWeights(tile: WeightsTile, ci: number, vectorX: boolean, vectorY: boolean): Program {
  const key = `conv weights ${tile.blocks} ${tile.fours} ${ci} ${vectorX} ${vectorY}`;
  return program(key, 2, 1, () => source(tile, ci, vectorX, vectorY));
}

function source({ blocks, fours }: WeightsTile, ci: number, vectorX: boolean, vectorY: boolean): string {
  const threads = 9 * blocks * fours;
  const lanes = ['x', 'y', 'z', 'w'].slice(0, ci);
  const sums = [0, 1, 2].flatMap((kx) => lanes.map((lane, c) => ({ name: `s${kx}${c}`, kx, c, lane })));
  const four = (name: string, vector: boolean, first: string, count: string) =>
    vector
      ? `${name}[(at + ${first}) / 4u]`
      : `vec4<f32>(${[0, 1, 2, 3].map((n) => `select(0.0, ${name}[at + ${first} + ${n}u], ${first} + ${n}u < ${count})`).join(', ')})`;
  return `${parameters('d', 'h', 'w', 'c', 'k', 'nx', 'ny', 'nz', 'boxes', 'slabs', 'cGroups', 'kGroups')}
@group(0) @binding(1) var<storage, read> x: array<${vectorX ? 'vec4<f32>' : 'f32'}>;
@group(0) @binding(2) var<storage, read> dy: array<${vectorY ? 'vec4<f32>' : 'f32'}>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;
var<workgroup> box: array<vec4<f32>, ${HALO * blocks}>;
var<workgroup> slopes: array<vec4<f32>, ${VOXELS * fours}>;
fn put(at: u32, k: u32, value: vec4<f32>) {
  for (var n = 0u; n < 4u; n++) { if (k + n < p.k) { dw[at + k + n] = value[n]; } }
}
${eachGroup(
  threads,
  'p.slabs * p.cGroups * p.kGroups',
  `
  let kFirst = (id % p.kGroups) * ${4 * fours}u;
  let cFirst = ((id / p.kGroups) % p.cGroups) * ${ci * blocks}u;
  let slab = id / (p.kGroups * p.cGroups);
  let four = local % ${fours}u;
  let block = (local / ${fours}u) % ${blocks}u;
  let zy = local / ${fours * blocks}u;
  ${sums.map(({ name }) => `var ${name} = vec4<f32>(0.0);`).join(' ')}
  for (var n = slab; n < p.boxes; n += p.slabs) {
    let x0 = (n % p.nx) * ${ROW}u;
    let y0 = ((n / p.nx) % p.ny) * ${BOX.y}u;
    let z0 = ((n / (p.nx * p.ny)) % p.nz) * ${BOX.z}u;
    let planes = n / (p.nx * p.ny * p.nz) * p.d;
    workgroupBarrier();
    for (var i = local; i < ${HALO * blocks}u; i += ${threads}u) {
      let j = i / ${blocks}u;
      let first = cFirst + (i % ${blocks}u) * ${ci}u;
      let ix = x0 + j % ${HALO_ROW}u - 1u;
      let iy = y0 + (j / ${HALO_ROW}u) % ${BOX.y + 2}u - 1u;
      let iz = z0 + j / ${HALO_ROW * (BOX.y + 2)}u - 1u;
      var value = vec4<f32>(0.0);
      if (ix < p.w && iy < p.h && iz < p.d && first < p.c) {
        let at = (((planes + iz) * p.h + iy) * p.w + ix) * p.c;
        value = ${four('x', vectorX, 'first', 'p.c')};
      }
      box[(i % ${blocks}u) * ${HALO}u + j] = value;
    }
    for (var i = local; i < ${VOXELS * fours}u; i += ${threads}u) {
      let j = i / ${fours}u;
      let first = kFirst + (i % ${fours}u) * 4u;
      let ix = x0 + j % ${ROW}u;
      let iy = y0 + (j / ${ROW}u) % ${BOX.y}u;
      let iz = z0 + j / ${ROW * BOX.y}u;
      var value = vec4<f32>(0.0);
      if (ix < p.w && iy < p.h && iz < p.d && first < p.k) {
        let at = (((planes + iz) * p.h + iy) * p.w + ix) * p.k;
        value = ${four('dy', vectorY, 'first', 'p.k')};
      }
      slopes[i] = value;
    }
    workgroupBarrier();
    for (var row = 0u; row < ${BOX.z * BOX.y}u; row++) {
      let line = block * ${HALO}u + ((row / ${BOX.y}u + zy / 3u) * ${BOX.y + 2}u + row % ${BOX.y}u + zy % 3u) * ${HALO_ROW}u;
      var a = box[line];
      var b = box[line + 1u];
      for (var j = 0u; j < ${ROW}u; j++) {
        let c = box[line + j + 2u];
        let t = slopes[(row * ${ROW}u + j) * ${fours}u + four];
        ${sums.map(({ name, kx, lane }) => `${name} = fma(vec4<f32>(${'abc'[kx]}.${lane}), t, ${name});`).join(' ')}
        a = b;
        b = c;
      }
    }
  }
  let c0 = cFirst + block * ${ci}u;
  let k0 = kFirst + four * 4u;
  let to = (slab * 27u + zy * 3u) * p.c * p.k;
${sums.map(({ name, kx, c }) => `  if (c0 + ${c}u < p.c) { put(to + (${kx}u * p.c + c0 + ${c}u) * p.k, k0, ${name}); }`).join('\n')}`,
)}`;
}
