/**
 * 3x3x3 convolution of maps [N, D, H, W, C], stride 1, zeros around each image. A group computes a box of rows of eight voxels for up to 32
 * output channels: it shares the box with its border and the weights, four input channels at a time, and each thread
 * keeps one row for four output channels in registers. A voxel that is loaded once serves 27 taps, and one that a thread
 * has in a register serves three.
 */
import { eachGroup, type Program, parameters, program } from '../program.ts';

/** Voxels of a row that one thread computes. */
export const ROW = 8;
const HALO_ROW = ROW + 2;
/** Input channels that are shared at a time. */
const SHARED = 4;

export interface ConvTile {
  /** Rows of a group's box along z and y. */
  z: number;
  y: number;
  /** Output channels of a group, in fours. */
  fours: number;
}

const sharedBytes = ({ z, y, fours }: ConvTile): number => 4 * SHARED * ((z + 2) * (y + 2) * HALO_ROW + 27 * 4 * fours);

/** The tile for k output channels that fits the GPU's shared memory and group size. */
export function convTile(k: number, shared: number, threads: number): ConvTile {
  const fours = k > 16 ? 8 : k > 8 ? 4 : k > 4 ? 2 : 1;
  const tiles: ConvTile[] = [
    { z: fours >= 4 ? 4 : 8, y: 4, fours },
    { z: 4, y: 4, fours: Math.min(fours, 4) },
    { z: 2, y: 4, fours: Math.min(fours, 4) },
  ];
  return (
    tiles.find((tile) => sharedBytes(tile) <= shared && tile.z * tile.y * tile.fours <= threads) ??
    (tiles.at(-1) as ConvTile)
  );
}

export interface ConvForm {
  /** Channels in and out are multiples of four. */
  vectorIn: boolean;
  vectorOut: boolean;
  /** The input gradient: of weights [27, K, C] the taps are read from the last to the first, and channels change places. */
  turned: boolean;
}

/** Parameters: images, d, h, w, c, k, boxes along x, y and z, blocks of output channels. Reads x and weights [27, C, K]. */
export function convolution(tile: ConvTile, form: ConvForm): Program {
  const { z, y, fours } = tile;
  const { vectorIn, vectorOut, turned } = form;
  const key = `conv ${z} ${y} ${fours} ${vectorIn} ${vectorOut}${turned ? ' turned' : ''}`;
  return program(key, 2, 1, () => source(tile, form));
}

function source({ z, y, fours }: ConvTile, { vectorIn, vectorOut, turned }: ConvForm): string {
  const threads = z * y * fours;
  const halo = (z + 2) * (y + 2) * HALO_ROW;
  const row = Array.from({ length: ROW }, (_, n) => n);
  const lanes = ['x', 'y', 'z', 'w'];
  const type = (vector: boolean) => (vector ? 'vec4<f32>' : 'f32');
  const four = (name: string, vector: boolean, first: string, count: string) =>
    vector
      ? `${name}[(at + ${first}) / 4u]`
      : `vec4<f32>(${lanes.map((_, n) => `select(0.0, ${name}[at + ${first} + ${n}u], ${first} + ${n}u < ${count})`).join(', ')})`;
  const straightTaps = `
    for (var i = local; i < channels * ${27 * fours}u; i += ${threads}u) {
      let out = (block * ${fours}u + i % ${fours}u) * 4u;
      var value = vec4<f32>(0.0);
      if (out < p.k) {
        let at = (((i / ${fours}u) % 27u) * p.c + c0 + i / ${27 * fours}u) * p.k;
        value = ${four('weights', vectorOut, 'out', 'p.k')};
      }
      taps[i] = value;
    }`;
  // Four channels of four outputs at a time, which change places on the way.
  const turnedTaps = `
    for (var i = local; i < ${27 * fours}u; i += ${threads}u) {
      let out = (block * ${fours}u + i % ${fours}u) * 4u;
      ${lanes
        .map(
          (_, n) => `var r${n} = vec4<f32>(0.0);
      if (out + ${n}u < p.k) {
        let at = ((26u - i / ${fours}u) * p.k + out + ${n}u) * p.c;
        r${n} = ${four('weights', vectorIn, 'c0', 'p.c')};
      }`,
        )
        .join('\n      ')}
      ${lanes.map((lane, n) => `taps[i + ${n * 27 * fours}u] = vec4<f32>(${lanes.map((_, m) => `r${m}.${lane}`).join(', ')});`).join('\n      ')}
    }`;
  return `${parameters('images', 'd', 'h', 'w', 'c', 'k', 'nx', 'ny', 'nz', 'blocks')}
@group(0) @binding(1) var<storage, read> x: array<${type(vectorIn)}>;
@group(0) @binding(2) var<storage, read> weights: array<${type(turned ? vectorIn : vectorOut)}>;
@group(0) @binding(3) var<storage, read_write> y: array<${type(vectorOut)}>;
// One plane of the box a channel, and [channel][tap][four] of the weights.
var<workgroup> box: array<f32, ${SHARED * halo}>;
var<workgroup> taps: array<vec4<f32>, ${SHARED * 27 * fours}>;
${eachGroup(
  threads,
  'p.blocks * p.nx * p.ny * p.nz * p.images',
  `
  let block = id % p.blocks;
  var tile = id / p.blocks;
  let x0 = (tile % p.nx) * ${ROW}u;
  tile /= p.nx;
  let y0 = (tile % p.ny) * ${y}u;
  tile /= p.ny;
  let z0 = (tile % p.nz) * ${z}u;
  let planes = tile / p.nz * p.d;
  let four = local % ${fours}u;
  let ry = (local / ${fours}u) % ${y}u;
  let rz = local / ${fours * y}u;
  ${row.map((n) => `var s${n} = vec4<f32>(0.0);`).join(' ')}
  for (var c0 = 0u; c0 < p.c; c0 += ${SHARED}u) {
    let channels = min(${SHARED}u, p.c - c0);
    workgroupBarrier();
    for (var i = local; i < ${halo}u; i += ${threads}u) {
      // Unsigned: one before the border is huge, so one comparison covers both sides.
      let ix = x0 + i % ${HALO_ROW}u - 1u;
      let iy = y0 + (i / ${HALO_ROW}u) % ${y + 2}u - 1u;
      let iz = z0 + i / ${HALO_ROW * (y + 2)}u - 1u;
      var value = vec4<f32>(0.0);
      if (ix < p.w && iy < p.h && iz < p.d) {
        let at = (((planes + iz) * p.h + iy) * p.w + ix) * p.c;
        value = ${four('x', vectorIn, 'c0', 'p.c')};
      }
      ${lanes.map((lane, n) => `box[i + ${n * halo}u] = value.${lane};`).join(' ')}
    }
${turned ? turnedTaps : straightTaps}
    workgroupBarrier();
    for (var n = 0u; n < channels * 9u; n++) {
      let zy = n % 9u;
      let line = n / 9u * ${halo}u + ((rz + zy / 3u) * ${y + 2}u + ry + zy % 3u) * ${HALO_ROW}u;
      let first = n * ${3 * fours}u + four;
      let a = taps[first];
      let b = taps[first + ${fours}u];
      let c = taps[first + ${2 * fours}u];
      ${Array.from({ length: HALO_ROW }, (_, m) => `let v${m} = box[line + ${m}u];`).join(' ')}
${row.map((m) => `      s${m} = fma(vec4<f32>(v${m}), a, fma(vec4<f32>(v${m + 1}), b, fma(vec4<f32>(v${m + 2}), c, s${m})));`).join('\n')}
    }
  }
  let out = (block * ${fours}u + four) * 4u;
  let oy = y0 + ry;
  let oz = z0 + rz;
  if (oy >= p.h || oz >= p.d || out >= p.k) { return; }
  let to = (((planes + oz) * p.h + oy) * p.w + x0) * p.k + out;
${row.map((n) => `  if (x0 + ${n}u < p.w) { ${store(`to + ${n}u * p.k`, `s${n}`, vectorOut)} }`).join('\n')}`,
)}`;
}

/** Writes four channels from `out` on, as many as there are. */
const store = (at: string, value: string, vector: boolean): string =>
  vector
    ? `y[(${at}) / 4u] = ${value};`
    : ['x', 'y', 'z', 'w']
        .map((lane, n) => `if (out + ${n}u < p.k) { y[${at} + ${n}u] = ${value}.${lane}; }`)
        .join(' ');
