/** Windows of a scan that lies on the GPU, and the sums over them. Places are x, y, z; starts may be negative. */
import { buffers, eachElement, type Program, parameters, program } from '../program.ts';

const PLACE = `
  let ix = i32(x) + p.x0; let iy = i32(y) + p.y0; let iz = i32(z) + p.z0;
  let inside = ix >= 0 && iy >= 0 && iz >= 0 && ix < i32(p.sx) && iy < i32(p.sy) && iz < i32(p.sz);
  let at = u32((iz * i32(p.sy) + iy) * i32(p.sx) + ix);`;
const fields = (first: string) =>
  parameters('count', first, 'px', 'py', 'pz', 'sx', 'sy', 'sz', 'x0: i32', 'y0: i32', 'z0: i32');

/** Parameters: elements, channels, sides of the window and of the scan, start. [channels][z][y][x] -> [1, D, H, W, channels] */
export const readWindow: Program = program(
  'read window',
  1,
  1,
  () => `${fields('channels')}
${buffers([['scan', 'f32']], [['out', 'f32']])}
${eachElement(
  'p.count',
  `  let channel = i % p.channels; let v = i / p.channels;
  let x = v % p.px; let y = v / p.px % p.py; let z = v / (p.px * p.py);${PLACE}
  var value = 0.0;
  if (inside) { value = scan[channel * p.sx * p.sy * p.sz + at]; }
  out[i] = value;`,
)}`,
);

/** Parameters: voxels of the window, classes, then as above. Maps [classes][z][y][x], both. */
export const addWindow: Program = program(
  'add window',
  1,
  1,
  () => `${fields('classes')}
${buffers([['maps', 'f32']], [['sums', 'f32']])}
${eachElement(
  'p.count',
  `  let x = i % p.px; let y = i / p.px % p.py; let z = i / (p.px * p.py);${PLACE}
  if (!inside) { return; }
  for (var c = 0u; c < p.classes; c++) { sums[c * p.sx * p.sy * p.sz + at] += maps[c * p.count + i]; }`,
)}`,
);
