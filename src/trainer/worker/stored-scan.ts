/** A prepared scan's voxels on disk: crops are read where they lie, by whoever knows where that is. */
import { closeSync, openSync, readSync } from 'node:fs';
import { joined } from '../../core/train/channels.ts';
import type { PatchSource, Sides } from '../../core/train/patches.ts';
import { DecileError } from '../../shared/errors.ts';

/** Plain data, so that a thread can be told of it. */
export interface StoredScan {
  /** Path of its files without their endings. */
  base: string;
  size: Sides;
  /** For each channel whether it has a file; one without is read as 0. */
  channels: boolean[];
  /** Whether its mask is read. */
  masked: boolean;
}

/** What reads it; nothing is kept open. @throws cache/damaged from its calls */
export const readerOf = ({
  base,
  size,
  channels,
  masked,
}: StoredScan): Pick<PatchSource, 'size' | 'channels' | 'readImage' | 'readMask'> => ({
  size,
  ...(channels.length > 1 && { channels: channels.length }),
  readImage: (start, box) =>
    joined(
      channels.map((there, n) =>
        there
          ? (readBox(`${base}.${imageEnd(n)}`, 4, size, start, box, (bytes) => new Float32Array(bytes)) as Float32Array)
          : new Float32Array(box[0] * box[1] * box[2]),
      ),
    ),
  ...(masked && {
    readMask: (start: Sides, box: Sides) =>
      readBox(`${base}.u8`, 1, size, start, box, (bytes) => new Uint8Array(bytes)) as Uint8Array,
  }),
});

/** Ending of the file that holds a channel; each channel has its own checksum. */
export const imageEnd = (channel: number): string => (channel === 0 ? 'f32' : `${channel}.f32`);

/** One read a plane: the rows y0..y1 of a plane are contiguous. */
function readBox(
  path: string,
  bytes: 1 | 4,
  size: Sides,
  start: Sides,
  box: Sides,
  view: (buffer: ArrayBuffer) => Float32Array | Uint8Array,
): Float32Array | Uint8Array {
  const result = view(new ArrayBuffer(bytes * box[0] * box[1] * box[2]));
  const y0 = Math.max(0, start[1]);
  const rows = Math.min(size[1], start[1] + box[1]) - y0;
  const x0 = Math.max(0, start[0]);
  const length = Math.min(size[0], start[0] + box[0]) - x0;
  if (rows <= 0 || length <= 0) return result;
  const planeBuffer = new ArrayBuffer(bytes * rows * size[0]);
  const plane = view(planeBuffer);
  const file = openSync(path, 'r');
  try {
    for (let z = Math.max(0, start[2]); z < Math.min(size[2], start[2] + box[2]); z++) {
      const got = readSync(
        file,
        new Uint8Array(planeBuffer),
        0,
        planeBuffer.byteLength,
        bytes * size[0] * (y0 + size[1] * z),
      );
      if (got < planeBuffer.byteLength) throw cutShort(path);
      for (let r = 0; r < rows; r++) {
        const from = r * size[0] + x0;
        const to = x0 - start[0] + box[0] * (y0 + r - start[1] + box[1] * (z - start[2]));
        result.set(plane.subarray(from, from + length), to);
      }
    }
  } finally {
    closeSync(file);
  }
  return result;
}

/** Damaged while a run reads it; the next start makes it anew. */
export const cutShort = (path: string): DecileError =>
  new DecileError(
    'cache/damaged',
    `A prepared scan must be as it was written, got fewer voxels in ${path}.`,
    'Start again: it is then made anew. Check the disk where it comes back.',
  );
