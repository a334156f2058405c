/**
 * The convolution 3x3x3 on a chip's matrix units: an implicit product by taps, y[v, k] = sum over taps t and channels c of
 * x[v + t, c] w[t, c, k], half precision in, float32 sums. x stands in a border of zeros, so that the M voxels of a tile lie a voxel
 * apart for every tap, and units read them where they are.
 */
import { buffers, eachElement, type Program, parameters, program } from '../program.ts';

/** Sizes of one product of the units: M voxels, N output channels, K input channels. */
export interface MatrixSizes {
  M: number;
  N: number;
  K: number;
}

/** Tiles of voxels and blocks of outputs that a group keeps sums of. */
export interface MatrixTile extends MatrixSizes {
  tiles: number;
  blocks: number;
}

/**
 * Where values lie, in terms that WGSL and JavaScript read alike (`div` divides whole numbers): the test's scalar twin computes with the
 * same text. `id` counts groups, `r` a group's tiles, `n` its blocks of outputs, `c0` is the first channel; maps have sides d, h, w.
 */
export const PLACES = {
  /** Groups of blocks of outputs. */
  across: 'div(k, N * blocks)',
  /** Tiles in all; the last group does its last one again where they run out. */
  count: 'd * h * div(w, M)',
  tile: 'min(div(id, across) * tiles + r, count - 1)',
  x0: '(tile % div(w, M)) * M',
  y0: 'div(tile, div(w, M)) % h',
  z0: 'div(tile, div(w, M) * h)',
  k0: '((id % across) * blocks + n) * N',
  left: '(((z0 + dz) * (h + 2) + y0 + dy) * (w + 2) + x0 + dx) * c + c0',
  right: '(((dz * 3 + dy) * 3 + dx) * c + c0) * k + k0',
  result: '((z0 * h + y0) * w + x0) * k + k0',
} as const;

/** The same for the copy with its border: `i` counts its elements. */
export const BORDER = {
  channel: 'i % c',
  x: 'div(i, c) % (w + 2)',
  y: 'div(i, c * (w + 2)) % (h + 2)',
  z: 'div(i, c * (w + 2) * (h + 2))',
  inside: 'x > 0 && x <= w && y > 0 && y <= h && z > 0 && z <= d',
  from: '(((z - 1) * h + y - 1) * w + x - 1) * c + channel',
} as const;

const DIV = 'fn div(a: u32, b: u32) -> u32 { return a / b; }';
const SIDES = 'let d = p.d; let h = p.h; let w = p.w; let c = p.c;';
/** Whole numbers in WGSL's unsigned type. */
const unsigned = (text: string): string => text.replace(/\b(\d+)\b/g, '$1u');

/** x in half precision with a border of zeros. Parameters: elements of the result, d, h, w, c. */
export const bordered = (): Program =>
  program('matrix border', 1, 1, () => {
    const { inside, from, ...at } = BORDER;
    const lets = Object.entries(at).map(([name, text]) => `let ${name} = ${unsigned(text)};`);
    return `enable f16;
${parameters('count', 'd', 'h', 'w', 'c')}
${buffers([['map', 'f32']], [['out', 'f16']])}
${DIV}
${eachElement(
  'p.count',
  `  ${SIDES}
  ${lets.join('\n  ')}
  var value = 0.0;
  if (${unsigned(inside)}) { value = map[${unsigned(from)}]; }
  out[i] = f16(value);`,
)}`;
  });

/** The same values in half precision. Parameter: elements. */
export const halved = (): Program =>
  program(
    'matrix halved',
    1,
    1,
    () => `enable f16;
${parameters('count')}
${buffers([['map', 'f32']], [['out', 'f16']])}
${eachElement('p.count', '  out[i] = f16(map[i]);')}`,
  );

/**
 * Parameters: d, h, w, c, k. w is a multiple of M, c of K, k of N times `blocks`. A group is `threads` threads; where these are several
 * groups of the chip's own, each does the same.
 */
export const matrixConvolution = ({ M, N, K, tiles, blocks }: MatrixTile, threads: number): Program =>
  program(`matrix conv ${M} ${N} ${K} ${tiles} ${blocks} ${threads}`, 2, 1, () => {
    const rows = [...Array(tiles).keys()];
    const columns = [...Array(blocks).keys()];
    const { across, count, tile, x0, y0, z0, k0, left, right, result } = PLACES;
    const own = (text: string, names: readonly string[], suffix: number) =>
      names.reduce((all, name) => all.replace(new RegExp(`\\b${name}\\b`, 'g'), `${name}_${suffix}`), unsigned(text));
    const OF_TILE = ['tile', 'x0', 'y0', 'z0'];
    const places = rows.map(
      (r) => `  let tile_${r} = ${unsigned(tile).replace(/\br\b/g, `${r}u`)};
  let x0_${r} = ${own(x0, OF_TILE, r)}; let y0_${r} = ${own(y0, OF_TILE, r)}; let z0_${r} = ${own(z0, OF_TILE, r)};`,
    );
    const outputs = columns.map((n) => `  let k0_${n} = ${unsigned(k0).replace(/\bn\b/g, `${n}u`)};`);
    const each = (line: (r: number, n: number) => string) =>
      rows.flatMap((r) => columns.map((n) => line(r, n))).join('\n');
    return `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
${parameters('d', 'h', 'w', 'c', 'k')}
${buffers(
  [
    ['map', 'f16'],
    ['weights', 'f16'],
  ],
  [['out', 'f32']],
)}
const M = ${M}u; const N = ${N}u; const tiles = ${tiles}u; const blocks = ${blocks}u;
${DIV}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  ${SIDES} let k = p.k;
  let across = ${unsigned(across)};
  let count = ${unsigned(count)};
  let id = group.x + group.y * groups.x;
${places.join('\n')}
${outputs.join('\n')}
${each((r, n) => `  var s_${r}_${n} = subgroup_matrix_result<f32, ${N}, ${M}>();`)}
  for (var dz = 0u; dz < 3u; dz++) { for (var dy = 0u; dy < 3u; dy++) { for (var dx = 0u; dx < 3u; dx++) {
    for (var c0 = 0u; c0 < c; c0 += ${K}u) {
${columns.map((n) => `      let b_${n} = subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>>(&weights, ${own(right, ['k0'], n)}, false, k);`).join('\n')}
${rows
  .map(
    (
      r,
    ) => `      let a_${r} = subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>>(&map, ${own(left, ['x0', 'y0', 'z0'], r)}, false, c);
${columns.map((n) => `      s_${r}_${n} = subgroupMatrixMultiplyAccumulate(a_${r}, b_${n}, s_${r}_${n});`).join('\n')}`,
  )
  .join('\n')}
    }
  } } }
${each((r, n) => `  subgroupMatrixStore(&out, ${own(result, ['x0', 'y0', 'z0'], r).replace(/\bk0\b/g, `k0_${n}`)}, s_${r}_${n}, false, k);`)}
}`;
  });
