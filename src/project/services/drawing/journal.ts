/**
 * The journal of a mask that is being drawn: every stroke that no version holds yet, appended and flushed before anybody
 * says "saved". Each record carries its length and its CRC-32, so that one damaged record costs that record alone.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  copyFileAtomic,
  FILE_MODE,
  flushFolder,
  makeFolder,
  moveIntoPlace,
  writeFileAtomic,
} from '../../../disk/index.ts';
import { explained } from '../../store/index.ts';

/** First line of a journal: what the strokes were drawn on. */
export interface JournalHead {
  /** Id of the mask version underneath; null for an empty mask. */
  base: number | null;
  size: readonly number[];
}

/** What a journal on the disk holds. */
export interface JournalContent extends JournalHead {
  format: number;
  /** Bytes up to the end of the last whole record. */
  end: number;
  /** Whole strokes, oldest first. */
  records: Uint8Array[];
  /** Strokes that are in the file and cannot be read. */
  lost: number;
}

export interface Journal {
  /** Puts one stroke on the disk; throws `disk/full` and leaves the journal as it was. */
  append(record: Uint8Array): void;
  /** Begins anew on another version, with one record or none: a kill at any moment leaves the old or the new one whole. */
  restart(head: JournalHead, record: Uint8Array | null): void;
  close(): void;
}

/** Journals of the first format had no checksum. */
const FORMAT = 2;

/**
 * What is in a journal; null where there is none. A last record that was cut off was never reported as saved and counts
 * for nothing. A damaged journal is copied to `<path>.damaged` (`.damaged-2`, ...) before anything is written.
 * @param isStroke whether a record is one that can be drawn
 */
export function readJournal(path: string, isStroke: (record: Uint8Array) => boolean): JournalContent | null {
  if (!existsSync(path)) return null;
  const bytes = explained(`Reading ${path}`, () => readFileSync(path));
  const found = contentOf(bytes, isStroke);
  // The head is written with the first record: cut off before its end, nothing was reported as saved.
  if (bytes.length > 0 && (!found || found.lost > 0)) putAside(path);
  return found;
}

/** Strokes of a journal that cannot be read, at least one where its head cannot; null where there is none. Changes nothing. */
export function inspectJournal(path: string, isStroke: (record: Uint8Array) => boolean): number | null {
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  return bytes.length === 0 ? 0 : (contentOf(bytes, isStroke)?.lost ?? 1);
}

function contentOf(bytes: Buffer, isStroke: (record: Uint8Array) => boolean): JournalContent | null {
  const line = bytes.indexOf(10);
  const head = parseHead(bytes.subarray(0, Math.max(0, line)).toString());
  return head && { ...head, ...readRecords(bytes, line + 1, head.format, isStroke) };
}

function readRecords(bytes: Buffer, from: number, format: number, isStroke: (record: Uint8Array) => boolean) {
  const records: Uint8Array[] = [];
  const before = format === FORMAT ? 8 : 4;
  let lost = 0;
  let end = from;
  const recordAt = (at: number): Uint8Array | null => {
    const length = bytes.readUInt32LE(at);
    const start = at + before;
    if (length === 0 || start + length > bytes.length) return null;
    // A copy, because boxes are read at four-byte offsets of their own.
    const record = Uint8Array.prototype.slice.call(bytes, start, start + length);
    return (format !== FORMAT || crc32(record) === bytes.readUInt32LE(at + 4)) && isStroke(record) ? record : null;
  };
  for (let at = from; at + before <= bytes.length; ) {
    const record = recordAt(at);
    if (record) {
      // Between the last whole record and this one there was another.
      if (at > end) lost++;
      records.push(record);
      end = at + before + record.length;
      at = end;
    } else if (format === FORMAT) {
      // Records are multiples of four bytes: the next whole one is found again.
      at += 4;
    } else {
      const next = at + before + bytes.readUInt32LE(at);
      if (next > bytes.length) break;
      at = next;
    }
  }
  // All of the last record is there, and its content is not what was written.
  if (end + before <= bytes.length && end + before + bytes.readUInt32LE(end) <= bytes.length) lost++;
  return { records, lost, end };
}

/** @param found what `readJournal` found at the path, to go on behind it */
export function openJournal(path: string, head: JournalHead, found: JournalContent | null): Journal {
  let file: number | null = null;
  let end = found?.end ?? 0;
  let format = found?.format ?? FORMAT;
  let current = head;

  const started = (by: JournalHead, record: Uint8Array) =>
    Buffer.concat([Buffer.from(`${JSON.stringify({ ...by, format: FORMAT })}\n`), framed(record, FORMAT)]);
  const close = () => {
    if (file !== null) closeSync(file);
    file = null;
  };
  /** Opens the file at the end of its last whole record. */
  const open = (): number => {
    if (file !== null) return file;
    makeFolder(dirname(path));
    file = openSync(path, end === 0 ? 'w' : 'r+', FILE_MODE);
    ftruncateSync(file, end);
    return file;
  };

  return {
    append(record) {
      const first = end === 0;
      // The head goes with the first record: where the disk is full neither counts, and both are written again next time.
      const bytes = first ? started(current, record) : framed(record, format);
      explained('Saving a stroke', () => {
        try {
          const to = open();
          for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at, bytes.length - at, end + at);
          fsyncSync(to);
          if (first) flushFolder(dirname(path));
        } catch (error) {
          // What was written of it is cut off by the next opening, at the end of the last whole record.
          close();
          throw error;
        }
      });
      end += bytes.length;
      if (first) format = FORMAT;
    },
    restart(next, record) {
      close();
      const bytes = record && started(next, record);
      if (bytes) writeFileAtomic(path, bytes);
      else {
        explained(`Removing ${path}`, () => {
          rmSync(path, { force: true });
          flushFolder(dirname(path));
        });
      }
      end = bytes?.length ?? 0;
      current = next;
      format = FORMAT;
    },
    close,
  };
}

/** A record with its length and, but in journals of the first format, its checksum in front. */
function framed(record: Uint8Array, format: number): Buffer {
  const before = Buffer.alloc(format === FORMAT ? 8 : 4);
  before.writeUInt32LE(record.length);
  if (format === FORMAT) before.writeUInt32LE(crc32(record), 4);
  return Buffer.concat([before, record]);
}

/** Keeps a damaged journal for whoever can read more of it. */
function putAside(path: string): void {
  copyFileAtomic(path, asidePath(path));
}

/** Moves a damaged file out of the way; nothing that was put aside before is written over. */
export function moveAside(path: string): void {
  moveIntoPlace(path, asidePath(path));
}

function asidePath(path: string): string {
  let aside = `${path}.damaged`;
  for (let n = 2; existsSync(aside); n++) aside = `${path}.damaged-${n}`;
  return aside;
}

function parseHead(line: string): (JournalHead & { format: number }) | null {
  try {
    const head = JSON.parse(line) as (JournalHead & { format?: unknown }) | null;
    if (!Array.isArray(head?.size) || !(head.base === null || Number.isSafeInteger(head.base))) return null;
    return { base: head.base, size: head.size, format: head.format === FORMAT ? FORMAT : 1 };
  } catch {
    return null;
  }
}
