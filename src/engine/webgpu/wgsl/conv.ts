/**
 * 3x3x3 convolution of one map, stride 1, zeros around. A group computes a box of rows of eight voxels for up to 32
 * output channels: it shares the box with its border and the weights, four input channels at a time, and each thread
 * keeps one row for four output channels in registers. A voxel that is loaded once serves 27 taps.
 */
import { eachGroup, type Program, parameters, program } from '../program.ts';

/** Voxels of a row that one thread computes. */
export const ROW = 8;
const HALO_ROW = ROW + 2;
const FLOATS = 16;

export interface ConvTile {
  /** Rows of a group's box along z and y. */
  z: number;
  y: number;
  /** Output channels of a group, in fours. */
  fours: number;
}

/** Shared bytes of a tile for `ci` input channels at a time. */
const sharedBytes = ({ z, y, fours }: ConvTile, ci: number): number =>
  FLOATS * ((z + 2) * (y + 2) * HALO_ROW + 27 * ci * fours);

/** The tile for k output channels that fits the GPU's shared memory and group size. */
export function convTile(k: number, ci: number, shared: number, threads: number): ConvTile {
  const fours = k > 16 ? 8 : k > 8 ? 4 : k > 4 ? 2 : 1;
  const tiles: ConvTile[] = [
    { z: fours >= 4 ? 4 : 8, y: 4, fours },
    { z: 4, y: 4, fours: Math.min(fours, 4) },
    { z: 2, y: 4, fours: Math.min(fours, 4) },
  ];
  return (
    tiles.find((tile) => sharedBytes(tile, ci) <= shared && tile.z * tile.y * tile.fours <= threads) ??
    (tiles.at(-1) as ConvTile)
  );
}

/** Reads `x` as four channels where their number allows, else one by one. */
const loadFour = (name: string, vector: boolean, at: string, channel: string, channels: string, lanes = 4): string =>
  vector
    ? `${name}[(${at} + ${channel}) / 4u]`
    : `vec4<f32>(${[0, 1, 2, 3]
        .map((n) =>
          n < lanes ? `select(0.0, ${name}[${at} + ${channel} + ${n}u], ${channel} + ${n}u < ${channels})` : '0.0',
        )
        .join(', ')})`;

/** Parameters: d, h, w, c, k, boxes along x, y and z, blocks of output channels. */
export function convolution(tile: ConvTile, ci: number, vectorIn: boolean, vectorOut: boolean): Program {
  const { z, y, fours } = tile;
  const key = `conv ${z} ${y} ${fours} ${ci} ${vectorIn} ${vectorOut}`;
  return program(key, 2, 1, () => source(tile, ci, vectorIn, vectorOut));
}

function source({ z, y, fours }: ConvTile, ci: number, vectorIn: boolean, vectorOut: boolean): string {
  const threads = z * y * fours;
  const halo = (z + 2) * (y + 2) * HALO_ROW;
  const lanes = ['x', 'y', 'z', 'w'].slice(0, ci);
  const row = Array.from({ length: ROW }, (_, n) => n);
  const type = (vector: boolean) => (vector ? 'vec4<f32>' : 'f32');
  return `${parameters('d', 'h', 'w', 'c', 'k', 'nx', 'ny', 'nz', 'blocks')}
@group(0) @binding(1) var<storage, read> x: array<${type(vectorIn)}>;
@group(0) @binding(2) var<storage, read> weights: array<${type(vectorOut)}>;
@group(0) @binding(3) var<storage, read_write> y: array<${type(vectorOut)}>;
var<workgroup> box: array<vec4<f32>, ${halo}>;
var<workgroup> taps: array<vec4<f32>, ${27 * ci * fours}>;
${eachGroup(
  threads,
  'p.blocks * p.nx * p.ny * p.nz',
  `
  let block = id % p.blocks;
  var tile = id / p.blocks;
  let x0 = (tile % p.nx) * ${ROW}u;
  tile /= p.nx;
  let y0 = (tile % p.ny) * ${y}u;
  let z0 = (tile / p.ny) * ${z}u;
  let four = local % ${fours}u;
  let ry = (local / ${fours}u) % ${y}u;
  let rz = local / ${fours * y}u;
  ${row.map((n) => `var s${n} = vec4<f32>(0.0);`).join(' ')}
  for (var c0 = 0u; c0 < p.c; c0 += ${ci}u) {
    workgroupBarrier();
    for (var i = local; i < ${halo}u; i += ${threads}u) {
      // Unsigned: one before the border is huge, so one comparison covers both sides.
      let ix = x0 + i % ${HALO_ROW}u - 1u;
      let iy = y0 + (i / ${HALO_ROW}u) % ${y + 2}u - 1u;
      let iz = z0 + i / ${HALO_ROW * (y + 2)}u - 1u;
      var value = vec4<f32>(0.0);
      if (ix < p.w && iy < p.h && iz < p.d) {
        let at = ((iz * p.h + iy) * p.w + ix) * p.c;
        value = ${loadFour('x', vectorIn, 'at', 'c0', 'p.c', ci)};
      }
      box[i] = value;
    }
    for (var i = local; i < ${27 * ci * fours}u; i += ${threads}u) {
      let channel = c0 + (i / ${fours}u) % ${ci}u;
      let out = (block * ${fours}u + i % ${fours}u) * 4u;
      var value = vec4<f32>(0.0);
      if (channel < p.c && out < p.k) {
        let at = ((i / ${ci * fours}u) * p.c + channel) * p.k;
        value = ${loadFour('weights', vectorOut, 'at', 'out', 'p.k')};
      }
      taps[i] = value;
    }
    workgroupBarrier();
    for (var zy = 0u; zy < 9u; zy++) {
      let line = ((rz + zy / 3u) * ${y + 2}u + ry + zy % 3u) * ${HALO_ROW}u;
      ${Array.from({ length: HALO_ROW }, (_, n) => `let v${n} = box[line + ${n}u];`).join(' ')}
      let first = zy * ${3 * ci * fours}u + four;
${[0, 1, 2]
  .map((kx) =>
    lanes
      .map(
        (lane, c) => `      { let t = taps[first + ${(kx * ci + c) * fours}u];
        ${row.map((n) => `s${n} = fma(vec4<f32>(v${n + kx}.${lane}), t, s${n});`).join(' ')} }`,
      )
      .join('\n'),
  )
  .join('\n')}
    }
  }
  let out = (block * ${fours}u + four) * 4u;
  let oy = y0 + ry;
  let oz = z0 + rz;
  if (oy >= p.h || oz >= p.d || out >= p.k) { return; }
  let to = ((oz * p.h + oy) * p.w + x0) * p.k + out;
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
