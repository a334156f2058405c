/**
 * The mask being drawn: in memory, with every stroke appended to a journal beside its versions and flushed to the disk
 * before the window is told "saved". A killed program finds the journal at the next opening and loses at most one stroke.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type Grid, voxelCount } from '../../../core/volume.ts';
import { FILE_MODE, makeFolder, writeFileAtomic } from '../../../disk/index.ts';
import { readMask } from '../../../imaging/index.ts';
import { applyBoxes, decodeBoxes, encodeBoxes } from '../../../shared/contract/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { explainFailure, type Mask, type Store } from '../../store/index.ts';
import { saveMaskVersion } from './mask-versions.ts';

export const DRAWN_KINDS = ['manual', 'corrected'] as const;
export type DrawnKind = (typeof DRAWN_KINDS)[number];

/** First line of a journal: what the strokes were drawn on. */
interface JournalHead {
  /** Id of the mask version underneath; null for an empty mask. */
  base: number | null;
  size: readonly number[];
}

export interface WorkingMask {
  readonly scan: number;
  readonly kind: DrawnKind;
  readonly data: Uint8Array;
  /** Strokes that no version holds yet. */
  readonly dirty: boolean;
  readonly sequence: number;
  /** Applies and journals edited boxes; throws `disk/full` and leaves mask and journal as they were. */
  edit(boxes: Uint8Array): number;
  /** Replaces the whole mask. */
  replace(values: Uint8Array): number;
  /** Makes a version of the strokes; null when there are none. */
  commit(): Promise<Mask | null>;
  close(): void;
}

export const journalFile = (scan: number, kind: DrawnKind): string => `masks/${scan}/${kind}.journal`;

/** The version that drawing starts from: the newest drawn one, for `corrected` unless the prediction is newer. */
export function baseOf(store: Store, scan: number, kind: DrawnKind): Mask | null {
  const drawn = store.masks.current(scan, kind);
  if (kind === 'manual') return drawn;
  const predicted = store.masks.current(scan, 'predicted');
  return drawn && (!predicted || drawn.version > predicted.version) ? drawn : predicted;
}

export async function openWorkingMask(store: Store, scan: number, kind: DrawnKind): Promise<WorkingMask> {
  const grid: Grid = store.scans.get(scan);
  const path = store.path(journalFile(scan, kind));
  const journal = existsSync(path) ? readJournal(path) : null;
  let base = journal
    ? journal.head.base === null
      ? null
      : store.masks.get(journal.head.base)
    : baseOf(store, scan, kind);
  const data = await loadMask(store, grid, base);
  let strokes = 0;
  if (journal) {
    for (const record of journal.records) {
      applyBoxes(data, grid.size, decodeBoxes(record, grid.size));
      strokes++;
    }
  }
  let file: number | null = null;
  let end = journal?.end ?? 0;
  let sequence = 0;

  const headLine = () =>
    Buffer.from(`${JSON.stringify({ base: base?.id ?? null, size: grid.size } satisfies JournalHead)}\n`);

  /** Opens the journal for appending, at the end of its last whole record. */
  const open = (): number => {
    if (file === null) {
      makeFolder(dirname(path));
      file = openSync(path, existsSync(path) ? 'r+' : 'wx+', FILE_MODE);
      ftruncateSync(file, end);
    }
    return file;
  };

  const append = (record: Uint8Array): number => {
    // The head goes with the first record: where the disk is full neither counts, and both are written again next time.
    const bytes = end === 0 ? Buffer.concat([headLine(), framed(record)]) : framed(record);
    try {
      const to = open();
      for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at, bytes.length - at, end + at);
      fsyncSync(to);
    } catch (error) {
      throw explainFailure(error, 'Saving a stroke');
    }
    end += bytes.length;
    strokes++;
    return ++sequence;
  };

  const drop = () => {
    if (file !== null) closeSync(file);
    file = null;
  };

  const edit = (bytes: Uint8Array): number => {
    const boxes = decodeBoxes(bytes, grid.size);
    const saved = append(bytes);
    applyBoxes(data, grid.size, boxes);
    return saved;
  };

  return {
    scan,
    kind,
    data,
    get dirty() {
      return strokes > 0;
    },
    get sequence() {
      return sequence;
    },
    edit,
    replace(values) {
      if (values.length !== data.length)
        throw new DecileError(
          'mask/size',
          `A mask must be ${data.length} voxels, got ${values.length}.`,
          'Reload the case.',
        );
      return edit(encodeBoxes([{ start: [0, 0, 0], size: grid.size, values }]));
    },
    async commit() {
      if (strokes === 0) return null;
      const counted = strokes;
      // A copy: strokes that arrive while the file is compressed belong to the next version.
      const snapshot = data.slice();
      const mask = await saveMaskVersion(
        store,
        store.scans.get(scan),
        { ...grid, data: snapshot },
        {
          origin: kind,
          run: kind === 'corrected' ? (base?.run ?? null) : null,
          // Editing a labelled case keeps it labelled; a prediction becomes accepted by a decision alone.
          accepted: base?.accepted === true && base.origin !== 'predicted',
        },
      );
      base = mask;
      const newer = strokes > counted;
      drop();
      if (newer) {
        // Strokes that came meanwhile go on, as their net effect, on the version just made; one rename, so that a kill
        // at any moment finds either journal whole.
        const bytes = Buffer.concat([
          headLine(),
          framed(encodeBoxes([{ start: [0, 0, 0], size: grid.size, values: data }])),
        ]);
        writeFileAtomic(path, bytes);
        end = bytes.length;
        strokes = 1;
      } else {
        rmSync(path, { force: true });
        end = 0;
        strokes = 0;
      }
      return mask;
    },
    close: drop,
  };
}

/** Voxels of a version, or an empty mask. */
async function loadMask(store: Store, grid: Grid, mask: Mask | null): Promise<Uint8Array> {
  if (!mask) return new Uint8Array(voxelCount(grid));
  return (await readMask(store.path(mask.file))).data;
}

/** A record with its length in front. */
function framed(record: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(record.length);
  return Buffer.concat([length, record]);
}

/** Whole records alone: a record cut off by a crash, and what follows it, was never reported as saved. */
function readJournal(path: string): { head: JournalHead; records: Uint8Array[]; end: number } | null {
  const bytes = readFileSync(path);
  const line = bytes.indexOf(10);
  if (line < 0) return null;
  const head = parseHead(bytes.subarray(0, line).toString());
  if (!head) {
    // Not ours to throw away, and no reason to refuse the case: put aside for whoever can read it.
    renameSync(path, `${path}.damaged`);
    return null;
  }
  const records: Uint8Array[] = [];
  let end = line + 1;
  while (end + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(end);
    if (end + 4 + length > bytes.length) break;
    // A copy, because boxes are read at four-byte offsets of their own.
    records.push(Uint8Array.prototype.slice.call(bytes, end + 4, end + 4 + length));
    end += 4 + length;
  }
  return { head, records, end };
}

function parseHead(line: string): JournalHead | null {
  try {
    const head = JSON.parse(line) as JournalHead | null;
    return Array.isArray(head?.size) ? head : null;
  } catch {
    return null;
  }
}
