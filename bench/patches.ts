/**
 * What making patches takes of the thread that trains, and how long a batch is waited for: in the step, and by threads ahead of it.
 * Scans lie in prepared files, as in a run; nothing is computed on them.
 * npm run bench -- patches [--threads 2] [--batch 2] [--patch 96,96,96] [--size 192,192,160] [--augmentation warp] [--steps 20] [--json]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AUGMENTATIONS } from '../src/core/options.ts';
import { disposeBatch, TwoStreamSampler } from '../src/core/train/batch.ts';
import type { PatchMaker } from '../src/core/train/made-patch.ts';
import type { PatchSource, Sides } from '../src/core/train/patches.ts';
import { startEngine } from '../src/engine/choose/index.ts';
import { PatchThreads } from '../src/trainer/worker/patch-threads.ts';
import { readerOf } from '../src/trainer/worker/stored-scan.ts';
import { median } from './stepper.ts';
import { WrongOption } from './wrong-option.ts';

const WARM_UP = 5;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      threads: { type: 'string', default: '2' },
      batch: { type: 'string', default: '2' },
      patch: { type: 'string', default: '96,96,96' },
      size: { type: 'string', default: '192,192,160' },
      augmentation: { type: 'string', default: 'warp' },
      steps: { type: 'string', default: '20' },
    },
  });
  const augmentation = AUGMENTATIONS.find((name) => name === values.augmentation);
  if (!augmentation)
    throw new WrongOption(`--augmentation must be one of ${AUGMENTATIONS.join(', ')}, got ${values.augmentation}.`);
  const [patch, size] = [values.patch, values.size].map(
    (text) => text.split(',').map(Number) as [number, number, number],
  );
  await startEngine('cpu');
  const folder = mkdtempSync(join(tmpdir(), 'decile-patches-'));
  const threads = new PatchThreads((reason) => console.error(`A thread ended: ${reason}`));
  try {
    const [labelled, unlabelled] = [true, false].map((masked) =>
      [0, 1].map((n) => stored(join(folder, `${masked}-${n}`), size, masked)),
    );
    const perStep = Number(values.batch);
    const timesOf = (maker?: PatchMaker) => {
      const asked = { labelledPerStep: perStep, unlabelledPerStep: perStep, seed: 1, intensity: 'off' } as const;
      const sampler = new TwoStreamSampler(labelled, unlabelled, { ...asked, patch, classes: 2, augmentation }, maker);
      return timed(sampler, Number(values.steps));
    };
    const inStep = await timesOf();
    const ahead = await timesOf(threads.start(Number(values.threads)));
    if (values.json)
      console.log(JSON.stringify({ patch, size, augmentation, threads: Number(values.threads), inStep, ahead }));
    else {
      const line = (name: string, { own, waited }: Times) =>
        `${name.padEnd(24)} ${own.toFixed(1).padStart(7)} ms of the training thread, ${waited.toFixed(1).padStart(7)} ms until it is there`;
      console.log(
        `A batch of ${perStep} + ${perStep} patches of ${patch.join('x')}, ${augmentation}, median of ${values.steps}:`,
      );
      console.log(line('in the step', inStep));
      console.log(line(`by ${values.threads} threads, ahead`, ahead));
    }
  } finally {
    await threads.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds a batch. */
interface Times {
  own: number;
  waited: number;
}

async function timed(sampler: TwoStreamSampler, steps: number): Promise<Times> {
  const own: number[] = [];
  const waited: number[] = [];
  for (let step = 0; step < WARM_UP + steps; step++) {
    const [cpu, began] = [process.threadCpuUsage(), performance.now()];
    const batch = await sampler.next();
    sampler.ahead([{}, {}]);
    const { user, system } = process.threadCpuUsage(cpu);
    if (step >= WARM_UP) {
      own.push((user + system) / 1000);
      waited.push(performance.now() - began);
    }
    disposeBatch(batch);
  }
  return { own: median(own), waited: median(waited) };
}

function stored(base: string, size: Sides, masked: boolean): PatchSource {
  const image = Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => Math.sin(i * 12.9898));
  writeFileSync(`${base}.f32`, new Uint8Array(image.buffer));
  if (masked)
    writeFileSync(
      `${base}.u8`,
      Uint8Array.from(image, (v) => (v > 0.5 ? 1 : 0)),
    );
  const place = { base, size, channels: [true], masked };
  return { name: base, ...readerOf(place), ...{ stored: place } };
}
