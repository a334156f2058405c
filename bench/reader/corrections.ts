/**
 * Corrections until 95 % of all cases reach 90 Dice: one round of review; rounds of ten; learning all the time. The reader opens cases in
 * the order of the queue, clicks until the case has 90 Dice, draws what 20 clicks leave wrong by hand, and accepts. A case takes 60 s and
 * 2 s a click; background training gets that time alone: what a round made is there once the reader has worked as long as it took.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openExistingProject, type Project } from '../../src/app.ts';
import { beliefOf, ClickSession } from '../../src/core/click/index.ts';
import { dice } from '../../src/core/metrics/dice.ts';
import { countOverlap } from '../../src/core/metrics/overlap.ts';
import type { LabelMap } from '../../src/core/volume.ts';
import { type Cohort, casesOf, type ReadCase, readCase } from './cohort.ts';
import { type Figure, meanOf, rounded } from './figures.ts';
import { type PredictedCase, withPredictions } from './model.ts';
import { decile, folderName, newProject, type Training, train, writeCases } from './project.ts';
import { clickThrough } from './simulated.ts';

const GOAL = 90;
const SHARE = 0.95;
const [CASE_SECONDS, CLICK_SECONDS] = [60, 2];
const TEN = 10;
const WAYS = ['one round', 'rounds of ten', 'continuous'] as const;

/** Says each way's figure as soon as it is there, and keeps it: a run that ends early goes on with the next way. */
export async function correctionFigures(
  folder: string,
  cohort: Cohort,
  training: Training,
  say: (figures: readonly Figure[]) => void,
): Promise<void> {
  const { learn, report } = casesOf(folder, cohort);
  const read = (name: string) => readCase(folder, name, training.spacing);
  const first = join(training.out, folderName(`${cohort.name}-corrections`, training));
  if (!existsSync(join(first, 'predicted'))) {
    rmSync(first, { recursive: true, force: true });
    const own = join(first, 'p');
    await writeCases(learn, read, join(first, 'learn'), join(first, 'masks'));
    await writeCases(report, read, join(first, 'report'));
    newProject(own, cohort.labels);
    decile('import', own, join(first, 'learn'), '--labels', join(first, 'masks'));
    decile('import', own, join(first, 'report'));
    train(own, training);
    decile('predict', own);
    mkdirSync(join(first, 'predicted'));
  }
  const truth = new Map<string, ReadCase>();
  for (const name of report) truth.set(name.replace(/\.nii(\.gz)?$/, ''), await read(name));
  let one: Worked | null = null;
  for (const way of WAYS) {
    const kept = join(first, `${way}.json`);
    if (!existsSync(kept)) {
      const copy = join(first, 'work');
      rmSync(copy, { recursive: true, force: true });
      cpSync(join(first, 'p'), copy, { recursive: true });
      writeFileSync(kept, JSON.stringify(await review(copy, truth, learn.length, cohort.labels, way)));
    }
    const worked: Worked = JSON.parse(readFileSync(kept, 'utf8'));
    one ??= worked;
    say([
      {
        ...{
          figure: 'corrections',
          cohort: cohort.name,
          way,
          seed: training.seed,
          cases: truth.size + learn.length,
          ...worked,
        },
        voxelsShare: one.voxels ? rounded(worked.voxels / one.voxels) : null,
        openedShare: one.opened ? rounded(worked.opened / one.opened) : null,
      },
    ]);
  }
}

interface Worked {
  voxels: number;
  opened: number;
  clicks: number;
  rounds: number;
  readerMinutes: number;
  /** Shares of all cases with 90 Dice, at the start and at the end. */
  start: number;
  reached: number;
}

/** Works through a project until so many cases are good enough, or none is left. */
async function review(
  folder: string,
  truth: ReadonlyMap<string, ReadCase>,
  labelled: number,
  labels: number,
  way: (typeof WAYS)[number],
): Promise<Worked> {
  const project = openExistingProject(folder);
  const work: Worked = { voxels: 0, opened: 0, clicks: 0, rounds: 0, readerMinutes: 0, start: 0, reached: 0 };
  let [seconds, pending]: [number, { run: string; at: number } | null] = [0, null];
  const names = new Map(project.store.scans.list().map(({ id, name }) => [id, name]));
  const decided = new Set<string>();
  const scores = new Map<string, number>();
  const share = () =>
    ([...scores.values()].filter((value) => value >= GOAL).length + labelled) / (truth.size + labelled);
  const score = async () => {
    for (const one of await withPredictions(
      folder,
      [...truth.values()].filter(({ name }) => !decided.has(name)),
    ))
      scores.set(one.name, meanDice(one.prediction, one.mask, labels));
  };
  /** Predicts again what nobody has opened; answers the seconds that it took. */
  const refresh = async (run: string): Promise<number> => {
    const open = project.review.queue().map(({ scan }) => scan);
    if (open.length === 0) return 0;
    const { predicted } = await project.predict({ run, scans: open }).done;
    await score();
    return predicted.reduce((sum, one) => sum + one.seconds, 0);
  };
  try {
    await score();
    work.start = rounded(share());
    for (;;) {
      const [next] = project.review.queue();
      if (!next || share() >= SHARE) break;
      const known = truth.get(names.get(next.scan) ?? '')!;
      const [case_] = await withPredictions(folder, [known]);
      const { mask, clicks } = corrected(case_, labels);
      const changed = mask.data.reduce((sum, value, v) => sum + (value === case_.prediction.data[v] ? 0 : 1), 0);
      if (changed > 0) await project.drawing.replace(next.scan, 'corrected', mask.data);
      await project.review.decide(next.scan, 'accept');
      // As the window does: what this review says of the others is known for the next place of the queue.
      await project.compare.expected();
      decided.add(known.name);
      scores.set(known.name, meanDice(mask, known.mask, labels));
      work.opened++;
      work.clicks += clicks;
      work.voxels += changed;
      seconds += CASE_SECONDS + CLICK_SECONDS * clicks;
      console.error(
        `${way}: ${work.opened} opened, ${work.voxels} voxels, ${work.clicks} clicks, ${work.rounds} rounds, ${Math.round(100 * share())} % reach ${GOAL} after ${Math.round(seconds / 60)} min`,
      );
      if (way === 'one round') continue;
      if (way === 'rounds of ten') {
        if (work.opened % TEN !== 0 || share() >= SHARE) continue;
        const { run } = await trained(project);
        await refresh(run);
        work.rounds++;
        continue;
      }
      if (pending && seconds >= pending.at) {
        const { run, at } = pending;
        const took = await refresh(run);
        work.rounds++;
        // The next one begins when its predictions are done.
        pending = null;
        if (share() < SHARE && seconds >= at + took) pending = await begun(project, at + took);
      } else pending ??= await begun(project, seconds);
    }
    return { ...work, reached: rounded(share()), readerMinutes: Math.round(seconds / 60) };
  } finally {
    await project.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A round that the reader's time is spent on from `at` on. */
async function begun(project: Project, at: number): Promise<{ run: string; at: number }> {
  const { run, seconds } = await trained(project);
  return { run, at: at + seconds };
}

/** Trains on from the last run, as a round of learning does; predictions are made when their time has come. */
async function trained(project: Project): Promise<{ run: string; seconds: number }> {
  const { run } = await (await project.learn({ held: () => true })).done;
  const times = project.store.metrics.curve(run.id, 'secondsPerStep').map(({ value }) => value ?? 0);
  return { run: run.name, seconds: meanOf(times) * run.options.steps };
}

const meanDice = (mask: LabelMap, truth: LabelMap, labels: number): number =>
  Array.from({ length: labels }, (_, n) => dice(countOverlap(mask, truth, n + 1))).reduce((a, b) => a + b, 0) / labels;

/** The prediction after clicks, label by label; what clicks do not bring to 90 Dice is drawn by hand. */
function corrected(one: PredictedCase, labels: number): { mask: LabelMap; clicks: number } {
  let [mask, clicks] = [{ ...one.prediction, data: one.prediction.data.slice() } as LabelMap, 0];
  for (let label = 1; label <= labels && meanDice(mask, one.mask, labels) < GOAL; label++) {
    const is = (value: number) => (value === label ? 1 : 0);
    const session = new ClickSession(one.scan);
    const belief = beliefOf(one.prediction, label, { mask: one.prediction, entropy: one.entropy });
    const start = Uint8Array.from(mask.data, is);
    const worked = clickThrough(
      Uint8Array.from(one.mask.data, is),
      one.scan,
      start,
      (seeds) => session.preview(seeds, belief),
      { goal: GOAL },
    );
    clicks += worked.dice.length - 1;
    mask = { ...mask, data: mask.data.map((value, v) => (worked.mask[v] ? label : value === label ? 0 : value)) };
  }
  if (meanDice(mask, one.mask, labels) < GOAL) mask = { ...mask, data: one.mask.data.slice() };
  return { mask, clicks };
}
