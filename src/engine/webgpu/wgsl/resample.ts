/**
 * Max-pool and trilinear x2 upsampling of maps [N, D, H, W, C], with their gradients; one thread an element, or four channels of it.
 * Planes of all images are counted in one row.
 */
import type { PerAxis } from '../../../core/network/kernels.ts';
import { buffers, eachElement, extremeOf, isNan, type Program, parameters, program } from '../program.ts';

const lane = (vector: boolean): string => (vector ? 'vec4<f32>' : 'f32');

/** Parameters: elements, and the sides d, h, w, c of the smaller map (elements and channels in fours when `vector`). */
const HEAD = parameters('count', 'd', 'h', 'w', 'c');

/** Position of element i in a map of sides (d, h, w). */
const position = (h: string, w: string): string => `
  let c = i % p.c;
  let ix = (i / p.c) % (${w});
  let iy = (i / (p.c * ${w})) % (${h});
  let plane = i / (p.c * ${w} * ${h});`;

/** Indices in the larger map of the voxels of block (plane, iy, ix), in memory order. */
function corners([fz, fy, fx]: PerAxis): string[] {
  return Array.from({ length: fz * fy * fx }, (_, n) => {
    const [z, y, x] = [Math.floor(n / (fy * fx)), Math.floor(n / fx) % fy, n % fx];
    return `(((${fz}u * plane + ${z}u) * ${fy}u * p.h + ${fy}u * iy + ${y}u) * ${fx}u * p.w + ${fx}u * ix + ${x}u) * p.c + c`;
  });
}

export const maxPool = (factors: PerAxis, vector: boolean): Program => {
  const T = lane(vector);
  return program(`max pool ${factors} ${vector}`, 1, 1, () => {
    const [first, ...others] = corners(factors);
    const most = others.map((at) => `  most = larger(most, x[${at}]);`);
    return `${HEAD}
${buffers([['x', T]], [['y', T]])}
${isNan(T)}
fn larger(a: ${T}, b: ${T}) -> ${T} { return ${extremeOf('max')}; }
${eachElement('p.count', `${position('p.h', 'p.w')}\n  var most = x[${first}];\n${most.join('\n')}\n  y[i] = most;`)}`;
  });
};

/** The gradient goes to the first maximum of each block, in memory order. */
export const maxPoolGrad = (factors: PerAxis, vector: boolean): Program => {
  const T = lane(vector);
  const B = vector ? 'vec4<bool>' : 'bool';
  return program(`max pool grad ${factors} ${vector}`, 3, 1, () => {
    const reads: [string, string][] = ['dy', 'x', 'y'].map((name) => [name, T]);
    const each = corners(factors).map(
      (corner) =>
        `  { let at = ${corner}; let hit = x[at] == most; dx[at] = select(${T}(0.0), slope, hit & free); free = free & !hit; }`,
    );
    return `${HEAD}
${buffers(reads, [['dx', T]])}
${eachElement(
  'p.count',
  `${position('p.h', 'p.w')}
  let most = y[i];
  let slope = dy[i];
  var free = ${B}(true);
${each.join('\n')}`,
)}`;
  });
};

/**
 * Output 2n reads inputs n - 1 (.25) and n (.75), output 2n + 1 reads n (.75) and n + 1 (.25), clamped at the borders.
 * Elements are those of the larger map.
 */
export const upsample = (vector: boolean): Program => {
  const T = lane(vector);
  return program(`upsample ${vector}`, 1, 1, () => {
    const side = (o: string, n: string, i: string) =>
      `  let ${o}n = ${i} / 2u; let ${o}f = select(max(${o}n, 1u) - 1u, min(${o}n + 1u, ${n} - 1u), (${i} & 1u) == 1u);`;
    const line = (z: string, y: string) =>
      `(0.75 * x[(((first + ${z}) * p.h + ${y}) * p.w + xn) * p.c + c] + 0.25 * x[(((first + ${z}) * p.h + ${y}) * p.w + xf) * p.c + c])`;
    return `${HEAD}
${buffers([['x', T]], [['y', T]])}
${eachElement(
  'p.count',
  `${position('2u * p.h', '2u * p.w')}
  let iz = plane % (2u * p.d);
  let first = plane / (2u * p.d) * p.d;
${side('z', 'p.d', 'iz')}
${side('y', 'p.h', 'iy')}
${side('x', 'p.w', 'ix')}
  y[i] = 0.75 * (0.75 * ${line('zn', 'yn')} + 0.25 * ${line('zn', 'yf')}) + 0.25 * (0.75 * ${line('zf', 'yn')} + 0.25 * ${line('zf', 'yf')});`,
)}`;
  });
};

/** Each input gathers from the up to four outputs a side that read it. Elements are those of the smaller map. */
export const upsampleGrad = (vector: boolean): Program => {
  const T = lane(vector);
  return program(
    `upsample grad ${vector}`,
    1,
    1,
    () => `${HEAD}
${buffers([['dy', T]], [['dx', T]])}
// Weight of input i in output 2 i - 1 + n; the border's outputs read it in place of the input beyond.
fn share(i: u32, n: u32, sides: u32) -> f32 {
  if (n == 0u) { return select(0.0, 0.25, i > 0u); }
  if (n == 3u) { return select(0.0, 0.25, i + 1u < sides); }
  if (n == 1u) { return select(0.75, 1.0, i == 0u); }
  return select(0.75, 1.0, i + 1u == sides);
}
${eachElement(
  'p.count',
  `${position('p.h', 'p.w')}
  let iz = plane % p.d;
  let first = (plane - iz) * 2u;
  var sum = ${T}(0.0);
  for (var a = 0u; a < 4u; a++) {
    let wz = share(iz, a, p.d);
    if (wz == 0.0) { continue; }
    for (var b = 0u; b < 4u; b++) {
      let wy = share(iy, b, p.h);
      if (wy == 0.0) { continue; }
      let row = ((first + 2u * iz + a - 1u) * 2u * p.h + 2u * iy + b - 1u) * 2u * p.w;
      var line = ${T}(0.0);
      for (var n = 0u; n < 4u; n++) {
        let wx = share(ix, n, p.w);
        if (wx != 0.0) { line += wx * dy[(row + 2u * ix + n - 1u) * p.c + c]; }
      }
      sum += wz * wy * line;
    }
  }
  dx[i] = sum;`,
)}`,
  );
};
