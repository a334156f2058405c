/** Scans, masks, predictions, review. */
import { basename } from 'node:path';
import type { Scan } from '../../project/store/index.ts';
import { DecileError } from '../../shared/errors.ts';
import type { Handlers } from '../api.ts';
import { maskVersions, predictionDetail, scanDetail, scanRows, toVersion } from '../cases.ts';
import type { Session } from '../session.ts';
import { suggesting } from '../suggesting.ts';

type Names =
  | `scans.${'list' | 'detail' | 'import' | 'suggest' | 'history' | 'remove' | 'restore' | 'leaveOut'}`
  | `masks.${'commit' | 'versions' | 'restore' | 'compare'}`
  | `measurements.${'add' | 'remove'}`
  | 'predictions.get'
  | `review.${'queue' | 'decide' | 'undo' | 'next' | 'changes'}`;

/** Files that may be masks or scans; SEG and RTSTRUCT are never scans. */
const VOLUME = /\.(nii(\.gz)?|hdr|nrrd|nhdr|mha|mhd)$/i;

export const caseHandlers = (session: Session, suggest = suggesting(session)): Pick<Handlers, Names> => ({
  'scans.list': () => scanRows(session),
  'scans.detail': ({ scan }) => scanDetail(session, scan),
  'scans.import'({ folder, labels, settled, overlaps }) {
    const project = session.project();
    const path = session.folders.resolve(folder);
    const masks = labels === undefined ? undefined : session.folders.resolve(labels);
    const { id } = session.jobs.start('import', `Importing ${basename(path)}`, async (job) => {
      const report = await project.importScans(path, {
        labels: masks,
        settled,
        overlaps,
        signal: job.signal,
        onProgress: ({ phase, done, total, name }) => {
          job.update({ done, total, detail: phase === 'searching' ? 'looking for scans' : name });
          if (done % 10 === 9) session.changed([]);
        },
      });
      job.fail(report.failures);
      const unsure = report.failures
        .filter(({ code, path: file }) => code === 'mask/unsure' || (code === 'mask/no-scan' && VOLUME.test(file)))
        .map(({ path: file }) => file);
      const place = { folder, ...(labels === undefined ? {} : { labels }) };
      if (unsure.length > 0) job.ask({ unsure: { ...place, paths: unsure } });
      const shared = report.failures.filter(({ code }) => code === 'mask/overlapping').length;
      if (shared > 0) job.ask({ overlapping: { ...place, masks: shared } });
      if (report.others.length > 0) job.ask({ others: report.others });
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
  async 'scans.suggest'() {
    // An empty project is no error of the window.
    if (session.project().store.scans.list().length === 0) return [];
    try {
      const { suggestions } = await suggest();
      return suggestions.map(({ scan, name, reason }) => ({ scan, name, reason }));
    } catch (error) {
      // Who stopped the search wants no scan named, and no error.
      if (error instanceof DecileError && error.code === 'suggest/cancelled') return [];
      throw error;
    }
  },
  'scans.remove'({ scans }) {
    const { store } = session.project();
    store.transaction(() => {
      for (const scan of scans) store.scans.delete(scan);
    });
    session.changed(scans);
    return null;
  },
  'scans.restore'({ scans }) {
    const { store } = session.project();
    store.transaction(() => {
      for (const scan of scans) store.scans.restore(scan);
    });
    session.changed(scans);
    return null;
  },

  'scans.leaveOut'({ scans, reason }) {
    const project = session.project();
    project.leaveOut(
      scans.map((scan) => project.store.scans.get(scan).name),
      reason,
    );
    session.changed(scans);
    return null;
  },

  'scans.history'({ scan }) {
    const { store, compare } = session.project();
    return compare.history([store.scans.get(scan).name]);
  },

  async 'masks.commit'({ scan }) {
    const { drawing, review } = session.project();
    await drawing.commit(scan);
    session.changed([scan]);
    const current = review.current(scan);
    return current ? toVersion(current) : null;
  },
  async 'masks.versions'({ scan }) {
    const { store, drawing } = session.project();
    await drawing.settle(scan);
    return maskVersions(store, scan);
  },
  async 'masks.restore'({ scan, version }) {
    const mask = await session.project().drawing.restore(scan, version);
    session.changed([scan]);
    return toVersion(mask);
  },

  'masks.compare': ({ scan, versions }) => session.project().compare.versions(scan, versions),

  'measurements.add'({ scan, measurement }) {
    const { store } = session.project();
    checkOnGrid(store.scans.get(scan), measurement);
    store.measurements.add({ ...measurement, scan });
    return null;
  },
  'measurements.remove'({ scan, measurement }) {
    session.project().store.measurements.remove(scan, measurement);
    return null;
  },

  'predictions.get'({ scan }) {
    const { store, review } = session.project();
    const prediction = review.prediction(scan);
    return prediction ? predictionDetail(store, prediction) : null;
  },

  'review.queue': () => session.project().review.queue(),
  'review.next': ({ after }) => ({ next: session.project().review.next(after) }),
  async 'review.decide'({ scan, decision, slices, reason }) {
    const decided = await session.project().review.decide(scan, decision, { slices, reason });
    // What this review says of the others is known when they are next looked at.
    if (decision === 'accept' && !slices) await session.project().compare.expected();
    session.emitter.emit('case-state', { scan, state: decided.state });
    session.changed([scan]);
    return decided;
  },
  async 'review.undo'({ scan }) {
    const { drawing, review } = session.project();
    await drawing.commit(scan);
    const state = review.undo(scan);
    session.emitter.emit('case-state', { scan, state });
    session.changed([scan]);
    return { state };
  },
  'review.changes': ({ scan }) => session.project().compare.changes(scan),
});

function describeImport(added: number, masks: number, duplicates: number, failures: number): string {
  const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`;
  const parts = [`${count(added, 'scan')} imported`];
  if (masks) parts.push(count(masks, 'mask'));
  if (duplicates) parts.push(`${duplicates} already there`);
  if (failures) parts.push(`${failures} refused`);
  return `${parts.join(', ')}.`;
}

/** Throws `measurement/off-grid` where a measurement names a slice that the scan has not. */
function checkOnGrid({ name, size }: Scan, { normal, slice }: { normal: 0 | 1 | 2; slice: number }): void {
  if (slice < size[normal]) return;
  throw new DecileError(
    'measurement/off-grid',
    `A measurement on ${name} must be on one of its ${size[normal]} slices, got slice ${slice + 1}.`,
    'Reload the window, and measure again.',
  );
}
