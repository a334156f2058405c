/** Masks of an import: plain ones by name, SEG, RTSTRUCT and .seg.nrrd by what they refer to, segment by segment. */
import { basename, dirname } from 'node:path';
import { isUnlabelled, type LabelMap, lpsFrom } from '../../../core/volume.ts';
import {
  type LabelSets,
  type MaskObject,
  type NamedSegment,
  openSegments,
  type Provenance,
  type ScanFailure,
  type SegmentObject,
} from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { explainFailure, type Label, type MaskOrigin, type Scan, type Store } from '../../store/index.ts';
import { markNotDrawn } from '../drawing/ignore-label.ts';
import { isCurrentReference, readMaskOnGrid, saveMaskVersion } from '../drawing/mask-versions.ts';
import { keptProvenance } from '../export/provenance.ts';
import { maskCaseName } from './names.ts';
import { type OverlapRule, settleOverlaps } from './overlaps.ts';
import { labelsOfSegments, type SegmentLabels, unknownSegments } from './segment-labels.ts';

/** The part of an import's report that masks fill in. */
export interface MaskReport {
  masks: { scan: string; version: number; path: string }[];
  sameMasks: number;
  failures: ScanFailure[];
  notices: string[];
}

export interface MaskHow {
  /** The label that every value above 0 of a plain mask becomes; the values are the labels without it. */
  merge?: number;
  /** Its value where nobody drew. */
  ignore?: number;
  /** What becomes of voxels that several labels share; without it they are refused. */
  overlaps?: OverlapRule;
}

/** The mask file that belongs to this scan, whatever its format; a wrong one is listed and stops nothing. */
export async function importMaskFile(
  store: Store,
  scan: Scan,
  path: string,
  report: MaskReport,
  { merge, ignore, overlaps }: MaskHow = {},
): Promise<void> {
  await listing(path, report, async () => {
    const object = await openSegments(path);
    if (!object) {
      const what = `The mask of ${scan.name}`;
      const { mask, notices } = await readMaskOnGrid(path, scan, what);
      markNotDrawn(mask, ignore ?? null, what);
      report.notices.push(...notices.map((notice) => `${scan.name}, its mask: ${notice}`));
      if (merge !== undefined) mask.data.set(mask.data.map((value) => (isUnlabelled(value) ? value : merge)));
      await keepMask(store, scan, mask, 'manual', path, report);
    } else {
      const drawn = draw(store, object, scan, path);
      tell(store, scan, drawn, report);
      const { mask, notices } = settleOverlaps(store, scan, drawn.found, overlaps, basename(path));
      report.notices.push(...notices);
      await keepMask(store, scan, mask, madeHow(drawn.used), path, report);
    }
  });
}

/**
 * Finds the scan of every object: by series and instances, else by frame of reference, else by name; several objects of
 * one scan (one an organ) become one mask.
 * @param touched scans of this import
 * @param alone look at `touched` alone, and say nothing of objects that belong to other scans
 */
export async function importMaskObjects(
  store: Store,
  objects: readonly MaskObject[],
  touched: readonly Scan[],
  alone: boolean,
  report: MaskReport,
  overlaps?: OverlapRule,
): Promise<void> {
  const scans = alone ? touched : store.scans.list();
  const known = new Map<number, Provenance | null>();
  const originOf = (scan: Scan): Provenance | null => {
    if (!known.has(scan.id)) known.set(scan.id, keptProvenance(store, scan.id));
    return known.get(scan.id) ?? null;
  };
  // One scan's masks are in memory at a time.
  const groups = new Map<number, { object: MaskObject; candidates: Scan[] }[]>();
  for (const object of objects) {
    const candidates = candidatesFor(object, scans, originOf);
    if (candidates.length > 0)
      groups.set(candidates[0].id, [...(groups.get(candidates[0].id) ?? []), { object, candidates }]);
    else if (!alone) report.failures.push(asFailure(noScan(object), object.path));
  }
  for (const group of groups.values()) {
    const byScan = new Map<number, Joined>();
    for (const { object, candidates } of group) {
      await listing(object.path, report, async () => {
        const opened = await openSegments(object.path);
        if (!opened) throw noScan(object);
        const { scan, drawn } = firstThatFits(store, opened, candidates, object.path);
        const joined = byScan.get(scan.id) ?? { scan, found: null, used: [], owners: new Map(), path: object.path };
        add(store, joined, drawn, report);
        byScan.set(scan.id, joined);
      });
    }
    for (const { scan, found, used, owners, path } of byScan.values())
      await listing(path, report, async () => {
        if (!found) return;
        const what = [...new Set(owners.values())].map((owner) => basename(owner)).join(', ');
        const { mask, notices } = settleOverlaps(store, scan, found, overlaps, what);
        report.notices.push(...notices);
        await keepMask(store, scan, mask, madeHow(used), path, report);
      });
  }
}

/** What the objects of one scan give together. */
interface Joined {
  scan: Scan;
  found: LabelSets | null;
  used: NamedSegment[];
  /** Mask value to the object that it came from. */
  owners: Map<number, string>;
  /** The first object. */
  path: string;
}

/** @throws mask/several when a label comes from another object already */
function add(store: Store, joined: Joined, drawn: Drawn, report: MaskReport): void {
  const values = [...drawn.labels.values.values()];
  for (const value of values) {
    const other = joined.owners.get(value);
    if (other) throw severalObjects(store, joined.scan, value, other, drawn.path);
  }
  for (const value of values) joined.owners.set(value, drawn.path);
  if (joined.found) joined.found.join(drawn.found);
  else joined.found = drawn.found;
  joined.used.push(...drawn.used);
  tell(store, joined.scan, drawn, report);
}

interface Drawn {
  found: LabelSets;
  labels: SegmentLabels;
  used: NamedSegment[];
  /** Parts of the object outside this scan. */
  outside: number;
  notices: string[];
  path: string;
}

function draw(store: Store, object: SegmentObject, scan: Scan, path: string): Drawn {
  const labels = labelsOfSegments(object.segments, store.labels.list(), path);
  const drawnOn = keptProvenance(store, scan.id)?.instances.map(({ position }) => lpsFrom(position));
  const { labels: found, notices, outside } = object.draw(scan, labels.values, drawnOn);
  const used = object.segments.filter(({ number }) => labels.values.has(number));
  return { found, labels, used, outside, notices: [...object.notices, ...notices, ...labels.notices], path };
}

/** Series of several volumes (echoes, phases) share series and place: shared instances rank first. */
function candidatesFor(
  object: MaskObject,
  scans: readonly Scan[],
  originOf: (scan: Scan) => Provenance | null,
): Scan[] {
  const wanted = new Set(object.instanceUids);
  const shared = (scan: Scan) => originOf(scan)?.instances.filter(({ sopUid }) => wanted.has(sopUid)).length ?? 0;
  const ranked = (list: Scan[]) => (list.length > 1 ? list.toSorted((a, b) => shared(b) - shared(a)) : list);
  // The list of scans knows their series; what else is known of their origin is read where that is not enough.
  const bySeries = scans.filter(({ seriesUid }) => seriesUid !== null && object.seriesUids.includes(seriesUid));
  if (bySeries.length > 0) return ranked(bySeries);
  const byOrigin = scans.filter(
    (scan) => object.seriesUids.includes(originOf(scan)?.seriesUid ?? '') || shared(scan) > 0,
  );
  if (byOrigin.length > 0) return ranked(byOrigin);
  const byFrame = scans.filter(
    (scan) => object.frameOfReference !== '' && originOf(scan)?.frameOfReference === object.frameOfReference,
  );
  if (byFrame.length > 0) return byFrame;
  const names = new Set([
    ...[object.name, maskCaseName(object.name), maskCaseName(object.path), basename(dirname(object.path))],
  ]);
  return scans.filter(({ name }) => names.has(name));
}

/** The first of the scans that the whole object lies in, else the one that holds most of it. */
function firstThatFits(
  store: Store,
  object: SegmentObject,
  candidates: readonly Scan[],
  path: string,
): { scan: Scan; drawn: Drawn } {
  let first: unknown;
  let best: { scan: Scan; drawn: Drawn } | null = null;
  for (const scan of candidates) {
    try {
      const drawn = draw(store, object, scan, path);
      if (!best || drawn.outside < best.drawn.outside) best = { scan, drawn };
      if (best.drawn.outside === 0) return best;
    } catch (error) {
      first ??= error;
    }
  }
  if (best) return best;
  throw first;
}

/** True to how the segments came to be: all drawn, all computed, or mixed. */
function madeHow(used: readonly NamedSegment[]): MaskOrigin {
  if (used.length === 0 || used.every(({ algorithm }) => algorithm === '' || algorithm === 'MANUAL')) return 'manual';
  return used.every(({ algorithm }) => algorithm === 'AUTOMATIC') ? 'predicted' : 'corrected';
}

function tell(store: Store, scan: Scan, drawn: Drawn, report: MaskReport): void {
  const labels = store.labels.list();
  report.notices.push(...drawn.notices.map((notice) => `${scan.name}: ${notice}`));
  if (drawn.labels.unknown.length > 0)
    report.failures.push(asFailure(unknownSegments(drawn.labels.unknown, labels, drawn.path), drawn.path));
}

export async function keepMask(
  store: Store,
  scan: Scan,
  mask: LabelMap,
  origin: MaskOrigin,
  path: string,
  report: MaskReport,
): Promise<void> {
  if (await isCurrentReference(store, scan, mask)) {
    report.sameMasks++;
    return;
  }
  const saved = await saveMaskVersion(store, scan, mask, { origin, accepted: true });
  report.masks.push({ scan: scan.name, version: saved.version, path });
}

/** A full disk stops the import; a wrong mask does not. */
export async function listing(path: string, report: MaskReport, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const failure = asFailure(error, path);
    if (failure.code.startsWith('disk/')) throw error;
    report.failures.push(failure);
  }
}

export function asFailure(error: unknown, path: string): ScanFailure {
  const explained = explainFailure(error, `Reading ${basename(path)}`);
  if (explained instanceof DecileError)
    return { path, code: explained.code, message: explained.message, cure: explained.cure };
  return {
    path,
    code: 'scan/unreadable',
    message: `${basename(path)} must be a readable scan, got: ${(error as Error).message ?? String(error)}.`,
    cure: 'Export it again from its source.',
  };
}

const noScan = (object: MaskObject): DecileError =>
  new DecileError(
    'mask/no-scan',
    `${object.path} must belong to a scan of the project, got ${
      object.seriesUids.length > 0
        ? `references to series ${object.seriesUids.slice(0, 2).join(', ')} that was not imported`
        : 'no reference to a series, and no scan of its name'
    }.`,
    'Import the images that it was drawn on, together with it or before it.',
  );

function severalObjects(store: Store, scan: Scan, value: number, a: string, b: string): DecileError {
  const label: Label | undefined = store.labels.list().find((l) => l.value === value);
  return new DecileError(
    'mask/several',
    `Each label of ${scan.name} must come from one object, got ${label?.name ?? value} from ${basename(a)} and ${basename(b)}.`,
    'Leave one of the two out: import the other alone, and it becomes the next version.',
  );
}
