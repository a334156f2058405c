/** A small cohort of balls, on paper and on disk, and a trainer that only notes what it is asked for. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabelMap, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import type { StartTrainer } from '../../src/shared/trainer.ts';
import type { PredictJob, TrainerEvent, TrainJob } from '../../src/shared/training.ts';
import type { StudyCase } from '../../src/study/split.ts';

export const cohort = (n: number): StudyCase[] =>
  Array.from({ length: n }, (_, scan) => ({
    scan,
    name: `case_${String(scan + 1).padStart(2, '0')}`,
    volumePath: `/cohort/${scan}.nii`,
    maskPath: `/cohort/${scan}-mask.nii`,
  }));

export const STUDY = {
  name: 'Balls',
  images: 'images',
  labels: 'labels',
  preset: 'mr',
  classes: ['ball'],
  split: { train: ['case_01..case_04'], test: ['case_05', 'case_06'] },
  methods: ['supervised', 'cpcl'],
  labelled: [0.5],
  seeds: [1, 2],
  options: { steps: 3, width: 1, engine: 'simd' },
};

/** A cohort on disk: six balls, the first four for training. */
export async function onDisk(): Promise<{ folder: string; study: string; mask: (scan: number) => LabelMap }> {
  const folder = mkdtempSync(join(tmpdir(), 'decile-study-'));
  const grid = {
    size: [12, 11, 10],
    spacing: spacingMm(1, 1, 2),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  } as const;
  const mask = (scan: number): LabelMap => ({
    ...grid,
    data: Uint8Array.from({ length: 1320 }, (_, v) =>
      ((v % 12) - 6) ** 2 + ((Math.floor(v / 12) % 11) - 5) ** 2 + (Math.floor(v / 132) - 5) ** 2 <= 6 + scan ? 1 : 0,
    ),
  });
  for (const part of ['images', 'labels']) mkdirSync(join(folder, part));
  for (let scan = 0; scan < 6; scan++) {
    const name = `case_0${scan + 1}.nii.gz`;
    await writeNifti(join(folder, 'labels', name), mask(scan));
    await writeNifti(join(folder, 'images', name), { ...grid, data: Int16Array.from(mask(scan).data, (v) => 100 * v) });
  }
  const study = join(folder, 'study.json');
  writeFileSync(study, JSON.stringify(STUDY));
  return { folder, study, mask };
}

/** Stands in for the trainer's process: notes its jobs, "predicts" the next case's mask; `fails` names a run to break. */
export function recorder(mask: (scan: number) => LabelMap, fails?: string) {
  const jobs: ((TrainJob | PredictJob) & { threads?: number })[] = [];
  const start: StartTrainer = (job, onEvent) => {
    if (job.kind === 'probe' || job.kind === 'adapter')
      throw new Error(`A named engine is not measured, got a ${job.kind}.`);
    jobs.push(job);
    const run = async (): Promise<TrainerEvent> => {
      if (fails && job.runFolder.endsWith(fails))
        return { type: 'error', code: 'trainer/died', message: 'It died.', cure: '' };
      if (job.kind === 'predict') {
        mkdirSync(job.outputFolder, { recursive: true });
        for (const { scan } of job.cases)
          await writeNifti(
            join(job.outputFolder, `${scan}.nii.gz`),
            mask(job.runFolder.includes('cpcl') ? scan : scan - 3),
          );
      }
      return { type: 'finished', step: 3, seconds: 0 };
    };
    const done = run();
    void done.then(onEvent);
    return { pause() {}, resume() {}, cancel() {}, done };
  };
  return { jobs, start };
}
