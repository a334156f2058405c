/** Runs of a tiny network in real trainer processes: three cases of a ball on disk, jobs on them, and what they report. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { IDENTITY } from '../../src/core/geometry.ts';
import type { PlannedOptions, TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import type { Volume } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import type { TrainerHost } from '../../src/shared/trainer.ts';
import type { TrainerEvent, TrainingCase, TrainJob } from '../../src/shared/training.ts';
import { nodeHost, startTrainer } from '../../src/trainer/host/index.ts';

export const folder = mkdtempSync(join(tmpdir(), 'decile-trainer-'));
after(() => rmSync(folder, { recursive: true, force: true }));

export const grid = { size: [20, 18, 17], spacing: [1, 1, 2], origin: [5, -3, 7], direction: IDENTITY } as const;

async function makeCase(scan: number, labelled: boolean): Promise<TrainingCase> {
  const data = new Int16Array(20 * 18 * 17);
  const mask = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [x, y, z] = [i % 20, Math.floor(i / 20) % 18, Math.floor(i / 360)];
    mask[i] = (x - 9 - scan) ** 2 + (y - 9) ** 2 + (z - 8) ** 2 < 30 ? 1 : 0;
    data[i] = 100 + 200 * mask[i] + Math.round(40 * Math.sin(i));
  }
  const volumePath = join(folder, `${scan}.nii`);
  const maskPath = join(folder, `${scan}.mask.nii.gz`);
  await writeNifti(volumePath, { ...grid, data } as Volume);
  if (labelled) await writeNifti(maskPath, { ...grid, data: mask } as Volume);
  return { scan, name: `case ${scan}`, volumePath, ...(labelled ? { maskPath } : {}) };
}

const [a, b, c] = [await makeCase(1, true), await makeCase(2, false), await makeCase(3, true)];

export { b };

export function job(name: string, given: Partial<TrainingOptions> = {}, resume = false): TrainJob {
  const runFolder = join(folder, name, 'runs', '1');
  mkdirSync(runFolder, { recursive: true });
  const options: PlannedOptions = {
    ...resolveOptions({
      steps: 4,
      method: 'cpcl',
      labelledPerStep: 2,
      unlabelledPerStep: 2,
      unlabelledFrom: 0,
      width: 1,
      patch: [16, 16, 16],
      prototypeFeatures: 'decoder-1/2',
      checkpointEvery: 2,
      validateEvery: 2,
      ...given,
    }),
    spacing: 'native',
  };
  return {
    kind: 'train',
    runFolder,
    options,
    lists: { labelled: [a], unlabelled: [b], validation: [c] },
    classes: ['background', 'ball'],
    normalisation: { kind: 'mr' },
    resume,
  };
}

/** Runs a job; `act` hears each event and may send commands. */
export async function play(
  job: Parameters<typeof startTrainer>[0],
  act: (event: TrainerEvent, trainer: ReturnType<typeof startTrainer>, host: TrainerHost) => void = () => {},
) {
  const events: TrainerEvent[] = [];
  let host: TrainerHost | undefined;
  const trainer = startTrainer(
    job,
    (event) => {
      events.push(event);
      setImmediate(() => act(event, trainer, host as TrainerHost));
    },
    () => {
      host = nodeHost();
      return host;
    },
  );
  return { events, last: await trainer.done };
}

export const steps = (events: TrainerEvent[]) => events.filter((e) => e.type === 'step');
