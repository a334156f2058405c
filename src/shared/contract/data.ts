/**
 * Voxels between window and main: binary bodies under `/data/`, never JSON.
 *
 * | request | body | answer |
 * |---|---|---|
 * | GET /data/volume/<scan> | - | voxels, i fastest, little endian, type as in `x-decile-dtype`. `?k=<n>`: that slice alone; `?channel=<n>`: of that channel, from 0 |
 * | GET /data/mask/<scan>/<kind> | - | one uint8 a voxel on the scan's grid; 204 where there is no such mask. `?version=<n>`: that version |
 * | GET /data/entropy/<scan> | - | float32 a voxel, nats, of the newest prediction; 204 without one |
 * | GET /data/thumbnail/<scan> | - | image/png of the middle slice with the mask's outline |
 * | GET /data/evolution/<run>/<step>/<panel>.png | - | image/png |
 * | GET /data/model/<run> | - | the model file that `decile model export` writes |
 * | PUT /data/model/0 | a model file; `?name=<its name>` for messages | ModelReceipt as JSON |
 * | PUT /data/mask/<scan>/<kind> | `application/octet-stream`: the whole mask | SaveReceipt as JSON |
 * | PUT /data/mask/<scan>/<kind> | `application/x-decile-boxes`: edited boxes, with bits for the voxels that changed | SaveReceipt as JSON |
 *
 * `?project=<session>` names the project that the request is for; `project/other` (409) where another is open.
 * `kind` of a PUT is manual or corrected. `?window=<id>` names the window, and comes back with the receipt and the event.
 * The first edit of `corrected` starts from the prediction, of `manual` from an
 * empty mask. A PUT answers after the bytes are on disk (a journal, fsynced); `masks.commit` makes a version of them.
 * Every GET of voxels carries `x-decile-grid`: the Grid of the scan as JSON, and `x-decile-dtype`.
 */
import { DecileError } from '../errors.ts';

/** New values of a box of voxels: `values[a + ni * (b + nj * c)]` belongs to voxel (i0 + a, j0 + b, k0 + c). */
export interface MaskBox {
  start: readonly [number, number, number];
  size: readonly [number, number, number];
  values: Uint8Array;
  /** A bit for each value, the lowest first: those alone are written. All of them where it is missing. */
  only?: Uint8Array;
}

/** Header of a call over HTTP that names its project. */
export const PROJECT_HEADER = 'x-decile-project';
export const BOXES_TYPE = 'application/x-decile-boxes';
const HEADER = 6;
/** In the first number of a box of which bits follow the values. */
const ONLY = 2 ** 31;

const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** Boxes one after another: six uint32 (start, size; 2^31 added to the first where bits follow), the values, and the bits; both padded to four bytes. */
export function encodeBoxes(boxes: readonly MaskBox[]): Uint8Array<ArrayBuffer> {
  const lengths = boxes.map(({ values, only }) => HEADER * 4 + padded(values.length) + padded(only?.length ?? 0));
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  boxes.forEach((box, n) => {
    [...box.start, ...box.size].forEach((value, at) => {
      view.setUint32(offset + at * 4, at === 0 && box.only ? value + ONLY : value, true);
    });
    bytes.set(box.values, offset + HEADER * 4);
    if (box.only) bytes.set(box.only, offset + HEADER * 4 + padded(box.values.length));
    offset += lengths[n];
  });
  return bytes;
}

/** Throws `mask/bad-edit` where a box leaves the grid of `size` or the bytes end early. */
export function decodeBoxes(bytes: Uint8Array, size: readonly [number, number, number]): MaskBox[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: MaskBox[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + HEADER * 4 > bytes.length) throw badEdit('whole boxes', `${bytes.length} bytes`);
    const numbers = Array.from({ length: HEADER }, (_, at) => view.getUint32(offset + at * 4, true));
    const bits = numbers[0] >= ONLY;
    if (bits) numbers[0] -= ONLY;
    const start = numbers.slice(0, 3) as [number, number, number];
    const extent = numbers.slice(3) as [number, number, number];
    if (extent.some((side, axis) => side < 1 || start[axis] + side > size[axis])) {
      throw badEdit(`inside ${size.join('x')} voxels`, `start ${start.join(',')} size ${extent.join('x')}`);
    }
    offset += HEADER * 4;
    const length = extent[0] * extent[1] * extent[2];
    if (offset + length > bytes.length) throw badEdit(`${length} values long`, `${bytes.length - offset}`);
    const box = { start, size: extent, values: bytes.subarray(offset, offset + length) };
    offset += padded(length);
    if (!bits) {
      boxes.push(box);
      continue;
    }
    const only = bytes.subarray(offset, offset + Math.ceil(length / 8));
    if (only.length < Math.ceil(length / 8))
      throw badEdit(`${Math.ceil(length / 8)} bytes of bits long`, `${only.length}`);
    boxes.push({ ...box, only });
    offset += padded(only.length);
  }
  return boxes;
}

/** Writes the boxes into a mask of `size`, in place, and nothing else. */
export function applyBoxes(mask: Uint8Array, size: readonly [number, number, number], boxes: readonly MaskBox[]): void {
  for (const { start, size: extent, values, only } of boxes) {
    for (let c = 0; c < extent[2]; c++) {
      for (let b = 0; b < extent[1]; b++) {
        const from = extent[0] * (b + extent[1] * c);
        const to = start[0] + size[0] * (start[1] + b + size[1] * (start[2] + c));
        if (!only) mask.set(values.subarray(from, from + extent[0]), to);
        else
          for (let a = 0, v = from; a < extent[0]; a++, v++)
            if ((only[v >> 3] >> (v & 7)) & 1) mask[to + a] = values[v];
      }
    }
  }
}

const badEdit = (expected: string, got: string) =>
  new DecileError(
    'mask/bad-edit',
    `An edit of a mask must be ${expected}, got ${got}.`,
    'Reload the case and repeat the stroke.',
  );
