/** Files as parts that may hold words and parts that are voxels. */
import { constants, gunzipSync } from 'node:zlib';
import { looksLikeMetaImage } from '../itk/metaimage.ts';
import { looksLikeNrrd } from '../itk/nrrd.ts';
import { looksLikeNifti } from '../nifti/header.ts';

/** A file's bytes, of a gzip file what it holds, of a large image its beginning; null where it is damaged. */
export function containerOf(file: Buffer): Buffer | null {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  try {
    return gunzipSync(file, { maxOutputLength: 2 ** 31 - 1 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') return null;
    const head = gunzipSync(file.subarray(0, 2 ** 16), { finishFlush: constants.Z_SYNC_FLUSH });
    return looksLikeNifti(head) ? head : null;
  }
}

/** Headers and everything else that can be read, apart from voxels, where letters turn up by chance. */
export function splitVoxels(bytes: Buffer): { words: Buffer[]; voxels: Buffer[] } {
  const at = voxelsFrom(bytes);
  if (at !== null) return { words: [bytes.subarray(0, at)], voxels: unpacked(bytes.subarray(at)) };
  return isPng(bytes) ? { words: pngText(bytes), voxels: [] } : pictures(bytes);
}

function voxelsFrom(bytes: Buffer): number | null {
  if (looksLikeNifti(bytes)) {
    const little = [348, 540].includes(bytes.readInt32LE(0));
    const first = [bytes.readInt32LE(0), bytes.readInt32BE(0)].includes(348);
    const long = () => Number(little ? bytes.readBigInt64LE(168) : bytes.readBigInt64BE(168));
    const start = first ? (little ? bytes.readFloatLE(108) : bytes.readFloatBE(108)) : long();
    return start >= 348 ? start : null;
  }
  if (looksLikeNrrd(bytes)) return behind(bytes, /\n\r?\n/);
  return looksLikeMetaImage(bytes) ? behind(bytes, /ElementDataFile[^\n]*\n/) : null;
}

/** Where the first match ends. */
function behind(bytes: Buffer, end: RegExp): number | null {
  const found = end.exec(bytes.toString('latin1', 0, 2 ** 20));
  return found ? found.index + found[0].length : null;
}

/** Voxels that are packed within their file, as in NRRD. */
function unpacked(voxels: Buffer): Buffer[] {
  const opened = containerOf(voxels);
  return opened ? [opened] : [voxels];
}

const isPng = (bytes: Buffer) => bytes.length > 8 && bytes.readUInt32BE(0) === 0x89504e47;

/** The chunks of a PNG but its packed pixels. */
function pngText(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const next = Math.min(bytes.length, at + 12 + length);
    if (bytes.toString('latin1', at + 4, at + 8) !== 'IDAT') parts.push(bytes.subarray(at, next));
    at = next;
  }
  return parts;
}

const PICTURE = /data:[a-z]+\/[a-z0-9.+-]+;base64,([A-Za-z0-9+/=]+)/g;

/** A page's text without the pictures that are written into it, and these. */
function pictures(bytes: Buffer): { words: Buffer[]; voxels: Buffer[] } {
  if (bytes.length >= 2 ** 28 || !bytes.includes(';base64,')) return { words: [bytes], voxels: [] };
  const page = bytes.toString('latin1');
  const found = [...page.matchAll(PICTURE)].map((match) => Buffer.from(match[1], 'base64'));
  return {
    words: [Buffer.from(page.replace(PICTURE, ' '), 'latin1'), ...found.filter(isPng).flatMap(pngText)],
    voxels: found,
  };
}
