/** Several pictures on one sheet. */
import type { Picture } from '../../imaging/png.ts';

/** Rows of RGB pictures, each in a cell as large as the largest, black between them. */
export function montage(rows: readonly (readonly Picture[])[], gap = 6): Picture {
  const all = rows.flat();
  const cell = { width: Math.max(...all.map((p) => p.width)), height: Math.max(...all.map((p) => p.height)) };
  const columns = Math.max(...rows.map((row) => row.length));
  const width = columns * cell.width + (columns - 1) * gap;
  const height = rows.length * cell.height + (rows.length - 1) * gap;
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (const [r, row] of rows.entries())
    for (const [c, picture] of row.entries()) {
      if (picture.channels !== 3)
        throw new RangeError(`A montage needs RGB pictures, got ${picture.channels} channels.`);
      const left = c * (cell.width + gap) + Math.floor((cell.width - picture.width) / 2);
      const top = r * (cell.height + gap) + Math.floor((cell.height - picture.height) / 2);
      const stride = picture.width * 3;
      for (let y = 0; y < picture.height; y++) {
        pixels.set(picture.pixels.subarray(y * stride, (y + 1) * stride), ((top + y) * width + left) * 3);
      }
    }
  return { width, height, channels: 3, pixels };
}
