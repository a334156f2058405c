/** Scans, masks, predictions, review. */
import { basename } from 'node:path';
import { caseMetrics } from '../../core/metrics/index.ts';
import type { Grid } from '../../core/volume.ts';
import { readMask } from '../../imaging/index.ts';
import { saveMaskVersion } from '../../project/services/drawing/mask-versions.ts';
import { importScans } from '../../project/services/import/import.ts';
import type { Mask } from '../../project/store/index.ts';
import type { Decision, MaskChange } from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';
import type { Handlers } from '../api.ts';
import {
  currentMask,
  maskVersions,
  predictionDetail,
  scanDetail,
  scanRows,
  sliceDecisions,
  toVersion,
} from '../cases.ts';
import { reviewQueue } from '../queue.ts';
import type { Session } from '../session.ts';
import { suggestForWindow } from '../suggest.ts';

type Names =
  | `scans.${'list' | 'detail' | 'import' | 'suggest' | 'remove' | 'restore'}`
  | `masks.${'commit' | 'versions' | 'restore'}`
  | 'predictions.get'
  | `review.${'queue' | 'decide' | 'next' | 'changes'}`;

export const caseHandlers = (session: Session): Pick<Handlers, Names> => ({
  'scans.list': () => scanRows(session),
  async 'scans.detail'({ scan }) {
    await session.commit(scan);
    return scanDetail(session, scan);
  },
  'scans.import'({ folder, labels }) {
    const store = session.store();
    const path = session.folders.resolve(folder);
    const masks = labels === undefined ? undefined : session.folders.resolve(labels);
    const { id } = session.jobs.start('import', `Importing ${basename(path)}`, async (job) => {
      const report = await importScans(store, path, {
        labels: masks,
        signal: job.signal,
        onProgress: ({ phase, done, total, name }) => {
          job.update({ done, total, detail: phase === 'searching' ? 'looking for scans' : name });
          if (done % 10 === 9) session.changed([]);
        },
      });
      job.fail(report.failures);
      for (const notice of report.notices) job.notice(notice);
      for (const { name, notices } of report.added) for (const notice of notices) job.notice(`${name}: ${notice}`);
      for (const { path: twin, name } of report.duplicates)
        job.notice(`${basename(twin)} is in the project already, as ${name}.`);
      for (const unmatched of report.unmatchedMasks)
        job.notice(`${basename(unmatched)} belongs to no scan of this import.`);
      session.changed(report.added.map((scan) => scan.id));
      return describeImport(report.added.length, report.masks.length, report.duplicates.length, report.failures.length);
    });
    return { job: id };
  },
  'scans.suggest': () => suggestForWindow(session),
  'scans.remove'({ scans }) {
    const store = session.store();
    store.transaction(() => {
      for (const scan of scans) store.scans.delete(scan);
    });
    session.changed(scans);
    return null;
  },
  'scans.restore'({ scans }) {
    const store = session.store();
    store.transaction(() => {
      for (const scan of scans) store.scans.restore(scan);
    });
    session.changed(scans);
    return null;
  },

  async 'masks.commit'({ scan }) {
    await session.commit(scan);
    session.changed([scan]);
    const current = currentMask(session.store(), scan);
    return current ? toVersion(current) : null;
  },
  async 'masks.versions'({ scan }) {
    await session.commit(scan);
    return maskVersions(session.store(), scan);
  },
  async 'masks.restore'({ scan: id, version }) {
    await session.commit(id);
    const store = session.store();
    const old = store.masks.history(id).find((mask) => mask.version === version);
    if (!old)
      throw new DecileError(
        'mask/unknown',
        `A version must be one of the scan's, got ${version}.`,
        "Reload the scan's masks.",
      );
    const scan = store.scans.get(id);
    // What was drawn stays drawn; a prediction brought back is an untouched draft of a correction.
    const origin = old.origin === 'predicted' ? 'corrected' : old.origin;
    const mask = await saveMaskVersion(store, scan, await readMask(store.path(old.file)), {
      origin,
      accepted: old.accepted,
      run: old.run,
    });
    session.forget(id);
    session.changed([id]);
    return toVersion(mask);
  },

  'predictions.get'({ scan }) {
    const store = session.store();
    const prediction = store.predictions.latest(scan);
    return prediction ? predictionDetail(store, prediction) : null;
  },

  'review.queue': () => reviewQueue(session),
  'review.next': ({ after }) => ({ next: nextCase(session, after) }),
  async 'review.decide'({ scan, decision, slices }) {
    const store = session.store();
    await session.commit(scan);
    // Found first: a decided case leaves the queue, and its place with it.
    const next = nextCase(session, scan);
    if (slices) {
      const last = store.scans.get(scan).size[2] - 1;
      const [from, to] = [Math.min(slices.from, slices.to), Math.min(Math.max(slices.from, slices.to), last)];
      const MARKS = { accept: 'accepted', correct: 'corrected', reject: 'rejected' } as const;
      if (decision === 'reopen') store.flags.clear(scan, 2, from, to);
      else store.flags.set(scan, 2, from, to, MARKS[decision]);
    } else {
      await decideCase(session, scan, decision);
    }
    const state = session.caseState(store.scans.get(scan));
    session.emitter.emit('case-state', { scan, state });
    session.changed([scan]);
    return { next, slices: sliceDecisions(store, scan), state };
  },
  async 'review.changes'({ scan: id }) {
    const store = session.store();
    const prediction = store.predictions.latest(id);
    if (!prediction) return [];
    const scan = store.scans.get(id);
    const before = await readMask(store.path(store.masks.get(prediction.mask).file));
    const open = await session.openDrawing(id, 'corrected');
    const reference = open ? null : currentMask(store, id);
    const after = open ?? (reference ? (await readMask(store.path(reference.file))).data : before.data);
    return store.labels.list().map((label) => maskChange(before.data, after, label.value, scan));
  },
});

/** Accepting makes the current mask what training learns from; nothing is ever deleted by a decision. */
async function decideCase(session: Session, id: number, decision: Decision): Promise<void> {
  const store = session.store();
  const scan = store.scans.get(id);
  switch (decision) {
    case 'accept': {
      const current = currentMask(store, id);
      if (!current)
        throw new DecileError(
          'review/no-mask',
          `A case must have a mask to be accepted, got none for ${scan.name}.`,
          'Draw one, or predict it.',
        );
      const mask =
        current.origin === 'predicted'
          ? await copyAsAccepted(session, current)
          : store.masks.setAccepted(current.id, true);
      if (mask.origin === 'corrected') store.scans.setReview(id, isUnedited(session, mask) ? 'accepted' : 'corrected');
      else store.scans.setReview(id, 'unreviewed');
      return;
    }
    case 'correct':
      store.scans.setReview(id, 'in-review');
      return;
    case 'reject':
      withdraw(session, id);
      store.scans.setReview(id, 'rejected');
      return;
    case 'reopen':
      withdraw(session, id);
      store.scans.setReview(id, 'unreviewed');
      return;
  }
}

/** A decision taken back: training no longer sees the masks of this case. */
function withdraw(session: Session, id: number): void {
  const { masks } = session.store();
  for (const mask of masks.history(id)) if (mask.accepted) masks.setAccepted(mask.id, false);
}

/** An untouched prediction joins the labelled set as a correction of nothing, so that its history says where it is from. */
async function copyAsAccepted(session: Session, predicted: Mask): Promise<Mask> {
  const store = session.store();
  const mask = await readMask(store.path(predicted.file));
  const copy = await saveMaskVersion(store, store.scans.get(predicted.scan), mask, {
    origin: 'corrected',
    accepted: true,
    run: predicted.run,
  });
  session.forget(predicted.scan);
  return copy;
}

/** Same volumes as the prediction it came from: nothing, or nothing that counts, was changed. */
function isUnedited(session: Session, mask: Mask): boolean {
  const prediction = session.store().predictions.latest(mask.scan);
  if (!prediction) return false;
  const predicted = session.store().masks.get(prediction.mask);
  const counts = ({ labels }: Mask) => JSON.stringify(labels.map(({ value, voxels }) => [value, voxels]));
  return counts(predicted) === counts(mask);
}

/** The queue's next open case after one; the first when that one is the last. */
function nextCase(session: Session, after?: number): number | null {
  const queue = reviewQueue(session);
  const at = queue.findIndex((entry) => entry.scan === after);
  const others = [...queue.slice(at + 1), ...queue.slice(0, Math.max(at, 0))];
  return others[0]?.scan ?? null;
}

export function maskChange(before: Uint8Array, after: Uint8Array, label: number, grid: Grid): MaskChange {
  let added = 0;
  let removed = 0;
  for (let v = 0; v < before.length; v++) {
    if ((before[v] === label) !== (after[v] === label)) before[v] === label ? removed++ : added++;
  }
  const ml = (grid.spacing[0] * grid.spacing[1] * grid.spacing[2]) / 1000;
  const { size, spacing, origin, direction } = grid;
  const place = { size, spacing, origin, direction };
  const metrics = caseMetrics({ ...place, data: before }, { ...place, data: after }, label);
  return { label, addedMl: added * ml, removedMl: removed * ml, dice: metrics.dice, hd95: metrics.hd95 };
}

function describeImport(added: number, masks: number, duplicates: number, failures: number): string {
  const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`;
  const parts = [`${count(added, 'scan')} imported`];
  if (masks) parts.push(count(masks, 'mask'));
  if (duplicates) parts.push(`${duplicates} already there`);
  if (failures) parts.push(`${failures} refused`);
  return `${parts.join(', ')}.`;
}
