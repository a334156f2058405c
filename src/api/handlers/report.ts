/** Figures of reviewed cases, and everything that leaves the project. */
import { caseMetrics, type CaseMetrics as Metrics } from '../../core/metrics/index.ts';
import { readMask } from '../../imaging/index.ts';
import { exportProject } from '../../project/services/export/export.ts';
import type { Label, Mask, Scan, Store } from '../../project/store/index.ts';
import type { CaseMetrics, ExportFormat, ReportSummary } from '../../shared/contract/index.ts';
import type { Handlers } from '../api.ts';
import { exportHtml } from '../export-html.ts';
import type { Session } from '../session.ts';

const FORMAT_NAMES: Record<ExportFormat, string> = {
  nifti: 'NIfTI masks',
  nrrd: 'NRRD segmentations',
  seg: 'DICOM SEG',
  nnunet: 'an nnU-Net folder',
  msd: 'an MSD folder',
  bids: 'BIDS derivatives',
  csv: 'tables',
  html: 'the report',
};

export const reportHandlers = (session: Session): Pick<Handlers, 'report.summary' | 'export.start'> => ({
  'report.summary': ({ run }) => reportSummary(session, run),
  'export.start'({ folder, format, run, deidentify }) {
    const store = session.store();
    const output = session.folders.resolve(folder);
    const name = run === undefined ? undefined : store.runs.get(run).name;
    const { id } = session.jobs.start('export', `Exporting ${FORMAT_NAMES[format]}`, async (job) => {
      const onProgress = (done: number, total: number, detail: string) => job.update({ done, total, detail });
      if (format === 'html') {
        const path = await exportHtml(session, output, await reportSummary(session, run), onProgress);
        return `Written to ${path}.`;
      }
      const report = await exportProject(store, {
        ...{ format, output, run: name, onProgress, signal: job.signal },
        ...(deidentify ? { deidentify: { dates: deidentify } } : {}),
      });
      for (const scan of report.withoutMask) job.notice(`${scan} has no mask to export.`);
      for (const { message, cure } of report.refused) job.notice(`${message} ${cure}`);
      for (const text of report.notices) job.notice(text);
      return `${report.files.length} files written to ${report.output}.`;
    });
    return { job: id };
  },
});

/** Every reviewed or labelled case that a run predicted, prediction against what a person made of it. */
export async function reportSummary(session: Session, run?: number): Promise<ReportSummary> {
  const store = session.store();
  const scans = store.scans.list();
  const labels = store.labels.list();
  const references = store.masks.references();
  const cases: CaseMetrics[] = [];
  for (const one of run === undefined ? store.runs.list() : [store.runs.get(run)]) {
    const roles = new Map(store.runs.cases(one.id).map((entry) => [entry.scan, entry.role]));
    const predictions = new Map(store.predictions.list(one.id).map((prediction) => [prediction.scan, prediction]));
    for (const scan of scans) {
      const prediction = predictions.get(scan.id);
      const reference = references.get(scan.id);
      // A case that the run learned from says nothing about the run.
      if (!prediction || !reference || roles.get(scan.id) === 'labelled') continue;
      const found = await compared(store, scan, store.masks.get(prediction.mask), reference, labels);
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
    meanChangeMl: mean(changes.map((row) => row.addedMl + row.removedMl)),
    correctionDice: mean(changes.map((row) => row.dice)),
    cases,
  };
}

type Compared = Omit<CaseMetrics, 'scan' | 'name' | 'run' | 'runName'>;
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
  const ml = (scan.spacing[0] * scan.spacing[1] * scan.spacing[2]) / 1000;
  const rows = labels.map((label): Compared => {
    const metrics: Metrics = caseMetrics(before, after, label.value);
    const { added, removed, worst } = differences(before.data, after.data, label.value, scan.size[0] * scan.size[1]);
    return {
      label: label.value,
      dice: metrics.dice,
      jaccard: metrics.jaccard,
      hd95: metrics.hd95,
      asd: metrics.asd,
      worstSlice: worst,
      reference: reference.origin === 'corrected' ? 'corrected' : 'manual',
      addedMl: added * ml,
      removedMl: removed * ml,
    };
  });
  measured.set(key, rows);
  return rows;
}

/** Voxels added and removed, and the slice along k with most of them; null where nothing differs. */
function differences(
  before: Uint8Array,
  after: Uint8Array,
  label: number,
  slice: number,
): { added: number; removed: number; worst: number | null } {
  let [added, removed] = [0, 0];
  const perSlice = new Uint32Array(before.length / slice);
  for (let v = 0; v < before.length; v++) {
    const was = before[v] === label;
    const is = after[v] === label;
    if (was === is) continue;
    is ? added++ : removed++;
    perSlice[Math.floor(v / slice)]++;
  }
  const worst = perSlice.reduce((best, count, k) => (count > perSlice[best] ? k : best), 0);
  return { added, removed, worst: perSlice[worst] > 0 ? worst : null };
}
