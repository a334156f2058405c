/**
 * The mask being drawn: in memory, with every stroke appended to a journal beside its versions and flushed to the disk
 * before the window is told "saved". A killed program finds the journal at the next opening and loses nothing.
 */

import { type Grid, voxelCount } from '../../../core/volume.ts';
import { readMask } from '../../../imaging/index.ts';
import { applyBoxes, decodeBoxes, encodeBoxes } from '../../../shared/contract/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { type Mask, maskFolder, type Store } from '../../store/index.ts';
import { openJournal, readJournal } from './journal.ts';
import { saveMaskVersion } from './mask-versions.ts';

export const DRAWN_KINDS = ['manual', 'corrected'] as const;
export type DrawnKind = (typeof DRAWN_KINDS)[number];

export interface WorkingMask {
  readonly scan: number;
  readonly kind: DrawnKind;
  readonly data: Uint8Array;
  /** Strokes that no version holds yet. */
  readonly dirty: boolean;
  readonly sequence: number;
  /** Whether drawing would start from the same voxels if it were opened now: false once another version has come. */
  readonly current: boolean;
  /** Strokes that the journal held and that could not be read; the journal is put aside. */
  readonly lost: number;
  /** Applies and journals edited boxes; throws `disk/full` and leaves mask and journal as they were. */
  edit(boxes: Uint8Array): number;
  /** Replaces the whole mask. */
  replace(values: Uint8Array): number;
  /** Makes a version of the strokes; null when there are none. The journal stays until row and file are on the disk. */
  commit(): Promise<Mask | null>;
  close(): void;
}

export const journalFile = (scan: number, kind: DrawnKind): string => `${maskFolder(scan)}/${kind}.journal`;

/** The version that drawing starts from: the newest drawn one, for `corrected` unless the prediction is newer. */
export function baseOf(store: Store, scan: number, kind: DrawnKind): Mask | null {
  const drawn = store.masks.current(scan, kind);
  if (kind === 'manual') return drawn;
  const predicted = store.masks.current(scan, 'predicted');
  return drawn && (!predicted || drawn.version > predicted.version) ? drawn : predicted;
}

/** The version that a journal names; the one that drawing starts from where that has gone. */
function journalBase(store: Store, scan: number, kind: DrawnKind, id: number | null): Mask | null {
  if (id === null) return null;
  return store.masks.history(scan).find((mask) => mask.id === id) ?? baseOf(store, scan, kind);
}

export async function openWorkingMask(store: Store, scan: number, kind: DrawnKind): Promise<WorkingMask> {
  const grid: Grid = store.scans.get(scan);
  const path = store.path(journalFile(scan, kind));
  const found = readJournal(path, (record) => isStroke(record, grid));
  let base = found ? journalBase(store, scan, kind, found.base) : baseOf(store, scan, kind);
  const data = await loadMask(store, grid, base);
  const headOf = (mask: Mask | null) => ({ base: mask?.id ?? null, size: grid.size });
  const journal = openJournal(path, headOf(base), found);
  const records = found?.records ?? [];
  for (const record of records) applyBoxes(data, grid.size, decodeBoxes(record, grid.size));
  let strokes = records.length;
  let sequence = 0;

  const edit = (bytes: Uint8Array): number => {
    const boxes = decodeBoxes(bytes, grid.size);
    // An open file goes with a folder that is moved: the path says whether it is still there.
    store.path(journalFile(scan, kind));
    journal.append(bytes);
    applyBoxes(data, grid.size, boxes);
    strokes++;
    return ++sequence;
  };

  return {
    scan,
    kind,
    data,
    lost: found?.lost ?? 0,
    get dirty() {
      return strokes > 0;
    },
    get current() {
      return strokes > 0 || baseOf(store, scan, kind)?.id === base?.id;
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
      // As it stands now: it may have been decided on since drawing began.
      const { id } = base ?? { id: null };
      const standing = store.masks.history(scan).find((mask) => mask.id === id);
      const mask = await saveMaskVersion(
        store,
        store.scans.get(scan),
        { ...grid, data: snapshot },
        {
          origin: kind,
          run: kind === 'corrected' ? (base?.run ?? null) : null,
          // Editing a labelled case keeps it labelled; a prediction becomes accepted by a decision alone.
          accepted: standing?.accepted === true && standing.origin !== 'predicted',
        },
      );
      base = mask;
      // Strokes that came meanwhile go on, as their net effect, on the version just made.
      const newer = strokes > counted;
      journal.restart(headOf(mask), newer ? encodeBoxes([{ start: [0, 0, 0], size: grid.size, values: data }]) : null);
      strokes = newer ? 1 : 0;
      return mask;
    },
    close: journal.close,
  };
}

/** Whether a record holds boxes of this grid. */
export function isStroke(record: Uint8Array, grid: Grid): boolean {
  try {
    return decodeBoxes(record, grid.size).length > 0;
  } catch {
    return false;
  }
}

/** Voxels of a version, or an empty mask. */
async function loadMask(store: Store, grid: Grid, mask: Mask | null): Promise<Uint8Array> {
  if (!mask) return new Uint8Array(voxelCount(grid));
  return (await readMask(store.path(mask.file))).data;
}
