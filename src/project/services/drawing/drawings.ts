/** The masks of a project that are being drawn: opened when first asked for, committed before they are closed. */
import { existsSync } from 'node:fs';
import { readMask } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Mask, MaskOrigin, Store } from '../../store/index.ts';
import { saveMaskVersion } from './mask-versions.ts';
import { DRAWN_KINDS, type DrawnKind, journalFile, openWorkingMask, type WorkingMask } from './working-mask.ts';

export interface Drawings {
  /** The mask being drawn, opened when first asked for. */
  open(scan: number, kind: DrawnKind): Promise<WorkingMask>;
  /** The voxels of a mask if it is open for drawing, for looking at. */
  look(scan: number, kind: DrawnKind): Promise<Uint8Array | null>;
  /** Voxels of a mask as it is now, strokes included, or of one of its versions; null where there is none. Throws `mask/unknown`. */
  read(scan: number, kind: MaskOrigin, version?: number): Promise<{ data: Uint8Array; version?: number } | null>;
  /** Turns all strokes of a scan into versions. */
  commit(scan: number): Promise<void>;
  /** Turns the strokes of every open mask into versions. */
  commitAll(): Promise<void>;
  /** Turns strokes that a killed program left in journals into versions, so that lists and training see them. */
  recover(): Promise<void>;
  /** As `recover`, for one scan; a journal that makes no version is an error. */
  recoverScan(scan: number): Promise<void>;
  /** Makes an older version current again, as a new version. Throws `mask/unknown`. */
  restore(scan: number, version: number): Promise<Mask>;
  /** Closes the scan's open masks: another version has taken their place. */
  forget(scan: number): void;
  /** Commits and closes all. */
  close(): Promise<void>;
}

/** Kept in memory at a time; the least recently used is committed and closed. */
const OPEN_MASKS = 4;

export function drawingsOf(store: Store): Drawings {
  const drawings = new Map<string, Promise<WorkingMask>>();
  const keyOf = (scan: number, kind: MaskOrigin) => `${scan}/${kind}`;
  const look = async (scan: number, kind: MaskOrigin) => (await drawings.get(keyOf(scan, kind)))?.data ?? null;
  // On a full disk the strokes stay in their journal, where the next opening finds them.
  const commitIfPossible = (mask: WorkingMask) => mask.commit().catch(() => null);

  const commit = async (scan: number): Promise<void> => {
    for (const kind of DRAWN_KINDS) await (await drawings.get(keyOf(scan, kind)))?.commit();
  };

  const forget = (scan: number): void => {
    for (const kind of DRAWN_KINDS) {
      void drawings.get(keyOf(scan, kind))?.then((mask) => mask.close());
      drawings.delete(keyOf(scan, kind));
    }
  };

  const versionOf = (scan: number, version: number): Mask => {
    const found = store.masks.history(scan).find((one) => one.version === version);
    if (found) return found;
    throw new DecileError(
      'mask/unknown',
      `A version must be one of the scan's, got ${version}.`,
      "Reload the scan's masks.",
    );
  };

  const recoverScan = async (scan: number, save: (mask: WorkingMask) => Promise<Mask | null>): Promise<void> => {
    for (const kind of DRAWN_KINDS) {
      if (drawings.has(keyOf(scan, kind)) || !existsSync(store.path(journalFile(scan, kind)))) continue;
      const mask = await openWorkingMask(store, scan, kind);
      try {
        await save(mask);
      } finally {
        mask.close();
      }
    }
  };

  return {
    async open(scan, kind) {
      const key = keyOf(scan, kind);
      const known = drawings.get(key);
      drawings.delete(key);
      const mask = known ?? openWorkingMask(store, scan, kind);
      drawings.set(key, mask);
      mask.catch(() => drawings.delete(key));
      for (const [oldest, drawing] of drawings) {
        if (drawings.size <= OPEN_MASKS) break;
        drawings.delete(oldest);
        const closing = await drawing;
        await commitIfPossible(closing);
        closing.close();
      }
      return mask;
    },
    look,
    async read(scan, kind, version) {
      store.scans.get(scan);
      if (version !== undefined) return { data: (await readMask(store.path(versionOf(scan, version).file))).data };
      const drawn = kind === 'predicted' ? null : await look(scan, kind);
      if (drawn) return { data: drawn.slice() };
      const current = store.masks.current(scan, kind);
      return current && { data: (await readMask(store.path(current.file))).data, version: current.version };
    },
    commit,
    async commitAll() {
      for (const drawing of drawings.values()) await (await drawing).commit();
    },
    async recover() {
      // A full disk must not keep a project shut: the journal stays and counts as the drawing.
      for (const { id } of store.scans.list()) await recoverScan(id, commitIfPossible);
    },
    recoverScan: (scan) => recoverScan(scan, (mask) => mask.commit()),
    async restore(scan, version) {
      await commit(scan);
      const old = versionOf(scan, version);
      const mask = await saveMaskVersion(store, store.scans.get(scan), await readMask(store.path(old.file)), {
        // What was drawn stays drawn; a prediction brought back is an untouched draft of a correction.
        origin: old.origin === 'predicted' ? 'corrected' : old.origin,
        accepted: old.accepted,
        run: old.run,
      });
      forget(scan);
      return mask;
    },
    forget,
    async close() {
      for (const drawing of drawings.values()) {
        const mask = await drawing;
        await commitIfPossible(mask);
        mask.close();
      }
      drawings.clear();
    },
  };
}
