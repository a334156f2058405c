/**
 * The one owner of what is drawn in a project: strokes, journals and the versions made of them. Whatever is asked of a scan,
 * by whichever window, waits for its turn, so that one commit of a scan is made at a time.
 */
import { existsSync } from 'node:fs';
import type { LabelMap } from '../../../core/volume.ts';
import { readMask } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Mask, MaskOrigin, Store } from '../../store/index.ts';
import { saveMaskVersion } from './mask-versions.ts';
import { turns } from './turns.ts';
import { DRAWN_KINDS, type DrawnKind, journalFile, openWorkingMask, type WorkingMask } from './working-mask.ts';

export interface Drawings {
  /** Puts edited boxes on the disk. @returns the stroke's number, and whether it is the first that no version holds */
  edit(scan: number, kind: DrawnKind, boxes: Uint8Array): Promise<{ sequence: number; first: boolean }>;
  /** As `edit`, with all voxels of the mask. */
  replace(scan: number, kind: DrawnKind, values: Uint8Array): Promise<{ sequence: number; first: boolean }>;
  /** The voxels of a mask that has strokes which no version holds, in memory or in a journal; null where it has none. */
  look(scan: number, kind: DrawnKind): Promise<Uint8Array | null>;
  /** Voxels of a mask as it is now, strokes included, or of one of its versions; null where there is none. Throws `mask/unknown`. */
  read(scan: number, kind: MaskOrigin, version?: number): Promise<{ data: Uint8Array; version?: number } | null>;
  /** Turns all strokes of a scan into versions, those in journals too. */
  commit(scan: number): Promise<void>;
  /**
   * As `commit`, for who only looks: where the disk takes no version, the strokes stay in their journal, and `read` shows them.
   */
  settle(scan: number): Promise<void>;
  /** Turns all strokes of the project into versions. */
  commitAll(): Promise<void>;
  /**
   * Turns strokes that a killed program left in journals into versions, so that lists and training see them.
   * @returns why some could not be, by scan; they stay in their journals, or in the copy of a damaged one
   */
  recover(): Promise<{ scan: number; error: unknown }[]>;
  /** Makes an older version current again, as a new version. Throws `mask/unknown`. */
  restore(scan: number, version: number): Promise<Mask>;
  /** Makes a version that takes the place of what is drawn, whose strokes become a version before. */
  supersede(
    scan: number,
    mask: LabelMap,
    as: { origin: DrawnKind; accepted: boolean; run: number | null; untouched?: boolean },
  ): Promise<Mask>;
  /** Commits and closes all; strokes that come later are refused. */
  close(): Promise<void>;
}

/** Kept in memory at a time; the least recently used is committed and closed. */
const OPEN_MASKS = 4;

export function drawingsOf(store: Store): Drawings {
  /** By scan and kind, the least recently used first. */
  const open = new Map<string, WorkingMask>();
  const scans = turns();
  let closed = false;
  const keyOf = (scan: number, kind: DrawnKind) => `${scan}/${kind}`;
  const hasJournal = (scan: number, kind: DrawnKind) => existsSync(store.path(journalFile(scan, kind)));
  const drawnScans = () => store.scans.list().filter(({ id }) => DRAWN_KINDS.some((kind) => hasJournal(id, kind)));

  // What follows is called in the scan's turn alone.

  const opened = async (scan: number, kind: DrawnKind): Promise<WorkingMask> => {
    const key = keyOf(scan, kind);
    const known = open.get(key);
    if (known && !known.current) known.close();
    const mask = known?.current ? known : await openWorkingMask(store, scan, kind);
    open.delete(key);
    open.set(key, mask);
    return mask;
  };

  const drop = (scan: number): void => {
    for (const kind of DRAWN_KINDS) {
      open.get(keyOf(scan, kind))?.close();
      open.delete(keyOf(scan, kind));
    }
  };

  const commitJournal = async (scan: number, kind: DrawnKind): Promise<number> => {
    const mask = await openWorkingMask(store, scan, kind);
    try {
      await mask.commit();
      return mask.lost;
    } finally {
      mask.close();
    }
  };

  /** @returns strokes that a journal held and that cannot be read */
  const commitNow = async (scan: number): Promise<number> => {
    let lost = 0;
    for (const kind of DRAWN_KINDS) {
      const known = open.get(keyOf(scan, kind));
      if (known) await known.commit();
      else if (hasJournal(scan, kind)) lost += await commitJournal(scan, kind);
    }
    return lost;
  };

  const supersedeNow: Drawings['supersede'] = async (scan, mask, as) => {
    await commitNow(scan);
    const made = await saveMaskVersion(store, store.scans.get(scan), mask, as);
    drop(scan);
    return made;
  };

  const lookNow = async (scan: number, kind: DrawnKind): Promise<Uint8Array | null> => {
    const known = open.get(keyOf(scan, kind));
    if (known?.current) return known.data.slice();
    if (!hasJournal(scan, kind)) return null;
    const mask = await openWorkingMask(store, scan, kind);
    mask.close();
    return mask.dirty ? mask.data : null;
  };

  /** Closes masks beyond the number kept, each in its own scan's turn: a stroke never waits for another scan's version. */
  const trim = (): void => {
    for (const { scan } of [...open.values()].slice(0, Math.max(0, open.size - OPEN_MASKS))) {
      void scans
        .take(scan, async () => {
          // Used again before its turn came.
          const idle = [...open.values()].slice(0, Math.max(0, open.size - OPEN_MASKS));
          if (!idle.some((mask) => mask.scan === scan)) return;
          try {
            await commitNow(scan);
          } finally {
            drop(scan);
          }
        })
        // On a full disk the strokes stay in their journal, where looking and the next opening find them.
        .catch(() => {});
    }
  };

  const draw = async (scan: number, kind: DrawnKind, stroke: (mask: WorkingMask) => number) => {
    const done = await scans.take(scan, async () => {
      if (closed) throw noneOpen();
      const mask = await opened(scan, kind);
      const first = !mask.dirty;
      return { sequence: stroke(mask), first };
    });
    trim();
    return done;
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

  const commitEach = async (ids: readonly number[]): Promise<{ scan: number; error: unknown }[]> => {
    const failures: { scan: number; error: unknown }[] = [];
    for (const scan of ids)
      await scans.take(scan, () => commitNow(scan)).catch((error: unknown) => failures.push({ scan, error }));
    return failures;
  };

  return {
    edit: (scan, kind, boxes) => draw(scan, kind, (mask) => mask.edit(boxes)),
    replace: (scan, kind, values) => draw(scan, kind, (mask) => mask.replace(values)),
    look: (scan, kind) => scans.take(scan, () => lookNow(scan, kind)),
    read: (scan, kind, version) =>
      scans.take(scan, async () => {
        store.scans.get(scan);
        if (version !== undefined) return { data: (await readMask(store.path(versionOf(scan, version).file))).data };
        const drawn = kind === 'predicted' ? null : await lookNow(scan, kind);
        if (drawn) return { data: drawn };
        const current = store.masks.current(scan, kind);
        return current && { data: (await readMask(store.path(current.file))).data, version: current.version };
      }),
    commit: (scan) => scans.take(scan, async () => void (await commitNow(scan))),
    settle: (scan) =>
      scans.take(scan, async () => {
        try {
          await commitNow(scan);
        } catch (error) {
          if (!(error instanceof DecileError) || !error.code.startsWith('disk/')) throw error;
        }
      }),
    async commitAll() {
      const [failure] = await commitEach(drawnScans().map(({ id }) => id));
      if (failure) throw failure.error;
    },
    // A full disk, or one damaged case, must not keep a project shut: the journal stays and counts as the drawing.
    async recover() {
      const failures: { scan: number; error: unknown }[] = [];
      for (const { id: scan, name } of drawnScans())
        await scans
          .take(scan, () => commitNow(scan))
          .then(
            (lost) => lost > 0 && failures.push({ scan, error: strokesLost(name, lost) }),
            (error: unknown) => failures.push({ scan, error }),
          );
      return failures;
    },
    restore: (scan, version) =>
      scans.take(scan, async () => {
        const old = versionOf(scan, version);
        return supersedeNow(scan, await readMask(store.path(old.file)), {
          // What was drawn stays drawn; a prediction brought back is an untouched draft of a correction.
          origin: old.origin === 'predicted' ? 'corrected' : old.origin,
          accepted: old.accepted,
          run: old.run,
          untouched: old.untouched || old.origin === 'predicted',
        });
      }),
    supersede: (scan, mask, as) => scans.take(scan, () => supersedeNow(scan, mask, as)),
    async close() {
      closed = true;
      await scans.idle();
      await commitEach([...new Set([...open.values()].map(({ scan }) => scan))]);
      for (const mask of open.values()) mask.close();
      open.clear();
    },
  };
}

const strokesLost = (name: string, lost: number): DecileError =>
  new DecileError(
    'mask/strokes-lost',
    `A journal must be as it was written, got ${lost} strokes of ${name} that cannot be read.`,
    'The others are in a version of the mask; the damaged journal lies beside it.',
  );

const noneOpen = (): DecileError =>
  new DecileError('project/none-open', 'A project must be open, got one that is being closed.', 'Open it again.');
