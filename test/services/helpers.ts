import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Grid, type LabelMap, lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import type { Store } from '../../src/project/store/index.ts';
import type { Trainer } from '../../src/shared/trainer.ts';
import type { TrainerEvent, TrainerJob } from '../../src/shared/training.ts';
import { newProject } from '../store/helpers.ts';

export { keepMask, newProject, temporaryFolder } from '../store/helpers.ts';

/** Left-handed on purpose, anisotropic and away from the origin: what a reader may get wrong. */
export const GRID: Grid = {
  size: [8, 7, 6],
  spacing: spacingMm(1, 1.5, 3),
  origin: lpsPoint(-12.5, 30, 4),
  direction: [1, 0, 0, 0, -1, 0, 0, 0, 1],
};

const length = (grid: Grid) => grid.size[0] * grid.size[1] * grid.size[2];

/** A scan whose voxels depend on `seed`. */
export const scanOf = (seed: number, grid: Grid = GRID): Volume<Int16Array> => ({
  ...grid,
  data: Int16Array.from({ length: length(grid) }, (_, n) => ((n * 37 + seed * 101) % 997) - 300),
});

/** A mask of `value` in the box of voxel indices from..to (exclusive). */
export function maskOf(
  value = 1,
  from: readonly number[] = [2, 2, 2],
  to: readonly number[] = [5, 5, 5],
  grid: Grid = GRID,
): LabelMap {
  const data = new Uint8Array(length(grid));
  for (let k = from[2]; k < to[2]; k++) {
    for (let j = from[1]; j < to[1]; j++)
      data.fill(value, from[0] + grid.size[0] * (j + grid.size[1] * k), to[0] + grid.size[0] * (j + grid.size[1] * k));
  }
  return { ...grid, data };
}

/** Writes files into a folder: name to volume. */
export async function writeVolumes(folder: string, volumes: Record<string, Volume>): Promise<string> {
  for (const [name, volume] of Object.entries(volumes)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    await writeNifti(path, volume);
  }
  return folder;
}

export const codes = (failures: { code: string }[]): string[] => failures.map((failure) => failure.code);

/** A project with `total` scans named case_01, ..., the first `labelled` of them with a mask. */
export async function projectWith(
  t: TestContext,
  folder: string,
  total: number,
  labelled: number,
  labels = ['kidney'],
): Promise<Store> {
  const { importScans } = await import('../../src/project/services/import/import.ts');
  const name = (n: number) => `case_${String(n).padStart(2, '0')}.nii.gz`;
  const numbers = Array.from({ length: total }, (_, n) => n + 1);
  await writeVolumes(join(folder, 'scans'), Object.fromEntries(numbers.map((n) => [name(n), scanOf(n)])));
  await writeVolumes(
    join(folder, 'masks'),
    Object.fromEntries(numbers.slice(0, labelled).map((n) => [name(n), maskOf()])),
  );
  mkdirSync(join(folder, 'masks'), { recursive: true });
  const store = newProject(t, labels);
  await importScans(store, join(folder, 'scans'), { labels: join(folder, 'masks') });
  return store;
}

/** Plays a trainer: the script answers a job with events, the last of which ends it. */
export function scriptedTrainer(script: (job: TrainerJob, cancelled: () => boolean) => AsyncIterable<TrainerEvent>) {
  const jobs: TrainerJob[] = [];
  const start = (job: TrainerJob, onEvent: (event: TrainerEvent) => void): Trainer => {
    jobs.push(job);
    let stop = false;
    const done = (async () => {
      let last: TrainerEvent | undefined;
      await Promise.resolve();
      for await (const event of script(job, () => stop)) {
        onEvent(event);
        last = event;
      }
      return last!;
    })();
    return {
      pause() {},
      resume() {},
      cancel() {
        stop = true;
      },
      done,
    };
  };
  return { jobs, start, script };
}
