/** Masks against each other: what a person changed in a prediction, and how good a run was where a person had the last word. */
import { compareLabel } from '../../../core/edit/changes.ts';
import { readMask } from '../../../imaging/index.ts';
import type { MaskChange, ReportedCase, ReportSummary } from '../../../shared/contract/index.ts';
import { type LeftOut, leftOut } from '../../../shared/left-out.ts';
import type { Label, Mask, Scan, Store } from '../../store/index.ts';
import type { Drawings } from '../drawing/drawings.ts';
import { caseStates, currentMask } from './case-states.ts';
import { expectations } from './expected.ts';
import { measuredOn } from './measured.ts';

/** What the case's mask, strokes included, changed against its newest prediction, label by label; empty without a prediction. */
export async function maskChanges(store: Store, drawings: Drawings, id: number): Promise<MaskChange[]> {
  const prediction = store.predictions.latest(id);
  if (!prediction) return [];
  const { size, spacing, origin, direction } = store.scans.get(id);
  const before = await readMask(store.path(store.masks.get(prediction.mask).file));
  const open = await drawings.look(id, 'corrected');
  const reference = open ? null : currentMask(store, id);
  const after = open ?? (reference ? (await readMask(store.path(reference.file))).data : before.data);
  const place = { size, spacing, origin, direction };
  return store.labels.list().map(({ value: label }) => {
    const change = compareLabel({ ...place, data: before.data }, { ...place, data: after }, label);
    const { addedMl, removedMl, metrics } = change;
    return { label, addedMl, removedMl, dice: metrics.dice, hd95: metrics.hd95 };
  });
}

/**
 * Every reviewed or labelled case that a run predicted, prediction against what a person made of it. One whose masks are damaged is
 * left out and listed.
 * @param onCase called before each case; throw in it to stop
 */
export async function reviewSummary(store: Store, run?: number, onCase: () => void = () => {}): Promise<ReportSummary> {
  const scans = store.scans.list();
  const labels = store.labels.list();
  const references = store.masks.references();
  const cases: ReportedCase[] = [];
  const left = new Map<number, LeftOut>();
  for (const one of run === undefined ? store.runs.list() : [store.runs.get(run)]) {
    const roles = new Map(store.runs.cases(one.id).map((entry) => [entry.scan, entry.role]));
    const predictions = new Map(store.predictions.list(one.id).map((prediction) => [prediction.scan, prediction]));
    for (const scan of scans) {
      const prediction = predictions.get(scan.id);
      const reference = references.get(scan.id);
      // A case that the run learned from says nothing about the run.
      if (!prediction || !reference || roles.get(scan.id) === 'labelled') continue;
      onCase();
      const found = await compared(store, scan, store.masks.get(prediction.mask), reference, labels).catch((error) => {
        left.set(scan.id, leftOut({ scan: scan.id, name: scan.name }, error));
        return [];
      });
      for (const row of found) cases.push({ ...row, scan: scan.id, name: scan.name, run: one.id, runName: one.name });
      await new Promise((next) => setImmediate(next));
    }
  }
  const reviewed = scans.filter((scan) => scan.review !== 'unreviewed' && scan.review !== 'in-review');
  const changes = cases.filter((row) => row.reference === 'corrected');
  const mean = (values: number[]) =>
    values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  return {
    reviewed: reviewed.length,
    accepted: reviewed.filter((scan) => scan.review !== 'rejected').length,
    acceptedUnedited: reviewed.filter((scan) => scan.review === 'accepted').length,
    corrected: reviewed.filter((scan) => scan.review === 'corrected').length,
    rejected: reviewed.filter((scan) => scan.review === 'rejected').length,
    // Of a case, over all its labels.
    meanChangeMl: mean(
      [...Map.groupBy(changes, ({ run, scan }) => `${run} ${scan}`).values()].map((rows) =>
        rows.reduce((sum, { addedMl, removedMl }) => sum + addedMl + removedMl, 0),
      ),
    ),
    correctionDice: mean(changes.map((row) => row.dice)),
    ...{ cases, rejections: rejectionsOf(store, reviewed) },
    ...{ leftOut: [...left.values()], measurements: measuredOn(store, scans) },
    ...(await stillExpected(store, scans)),
  };
}

/** What the predictions that nobody decided on are likely to be. */
async function stillExpected(
  store: Store,
  scans: readonly Scan[],
): Promise<Pick<ReportSummary, 'expected' | 'leftToReview'>> {
  const { byScan, left } = await expectations(store);
  const states = caseStates(store);
  const newest = store.predictions.newest();
  const expected = scans.flatMap(({ id, name }) => {
    const [said, prediction] = [byScan.get(id), newest.get(id)];
    if (!said || !prediction || states.get(id) !== 'predicted') return [];
    return [{ scan: id, name, runName: store.runs.get(prediction.run).name, expected: said }];
  });
  return { expected: expected.sort((a, b) => a.expected.value - b.expected.value), leftToReview: left };
}

/** Those that were rejected, with the reason of their last decision. */
function rejectionsOf(store: Store, reviewed: readonly Scan[]): ReportSummary['rejections'] {
  const latest = store.decisions.latest();
  return reviewed
    .filter(({ review }) => review === 'rejected')
    .map(({ id, name }) => ({ scan: id, name, reason: latest.get(id)?.reason ?? '' }));
}

type Compared = Omit<ReportedCase, 'scan' | 'name' | 'run' | 'runName'>;
/** Versions never change, so neither does what was measured between two of them. */
const measured = new Map<string, Compared[]>();

async function compared(
  store: Store,
  scan: Scan,
  predicted: Mask,
  reference: Mask,
  labels: readonly Label[],
): Promise<Compared[]> {
  const key = `${store.folder}|${predicted.id}|${reference.id}|${labels.map((label) => label.value).join()}`;
  const known = measured.get(key);
  if (known) return known;
  const before = await readMask(store.path(predicted.file));
  const after = await readMask(store.path(reference.file));
  const { size, spacing } = scan;
  const rows = labels.map(({ value: label }): Compared => {
    const change = compareLabel({ ...before, size, spacing }, { ...after, size, spacing }, label);
    const { metrics, addedMl, removedMl, worstSlice } = change;
    const { dice, jaccard, hd95, asd, hd95Max, surfaceDice, missed, spurious } = metrics;
    const scores = { dice, jaccard, hd95, asd, hd95Max, surfaceDice, missed, spurious };
    const kind = reference.origin === 'corrected' ? 'corrected' : 'manual';
    return { label, ...scores, worstSlice, reference: kind, addedMl, removedMl };
  });
  measured.set(key, rows);
  return rows;
}
