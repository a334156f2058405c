/** The same drawing two ways: whole scans, or their slices spread over many scans; each is trained on and tested on the reported cases. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dice } from '../../src/core/metrics/dice.ts';
import { pairedTTest } from '../../src/core/metrics/index.ts';
import { countOverlap } from '../../src/core/metrics/overlap.ts';
import { Random } from '../../src/core/random.ts';
import { type LabelMap, NOT_DRAWN } from '../../src/core/volume.ts';
import { type Cohort, casesOf, readCase } from './cohort.ts';
import { type Figure, meanOf, meanSd, rounded } from './figures.ts';
import { withPredictions } from './model.ts';
import { decile, folderName, importAndPredict, newProject, type Training, train, writeCases } from './project.ts';

/** Scans that are drawn whole; the others' slices are spread over four times as many. */
const WHOLE = 4;
const EVERY = 4;
/** Scans without masks beside them, the same in each way. */
const UNLABELLED = 8;

/** A slice along k that somebody drew, empty ones too, and the length of its outlines, mm. */
interface Drawn {
  readonly name: string;
  readonly k: number;
  readonly contour: number;
}

const WAYS = ['whole', 'slices', 'contour'] as const;
type Way = (typeof WAYS)[number];

/**
 * A case's Dice is the mean over the seeds, each of which draws its slices and trains anew; tests are paired over cases.
 * @param trainings one a seed
 */
export async function spreadFigures(folder: string, cohort: Cohort, trainings: readonly Training[]): Promise<Figure[]> {
  const bySeed: Spread[] = [];
  for (const training of trainings) bySeed.push(await spreadOf(folder, cohort, training));
  const overSeeds = (way: Way) =>
    bySeed[0].scores[way].map((_, n) => meanOf(bySeed.map(({ scores }) => scores[way][n])));
  const whole = overSeeds('whole');
  return (['slices', 'contour'] as const).map((equal): Figure => {
    const spread = overSeeds(equal);
    const [w, s] = [meanSd(whole), meanSd(spread)];
    const drawn = (what: (slices: readonly Drawn[]) => number, way: Way) =>
      rounded(meanOf(bySeed.map((one) => what(one.drawn[way]))));
    return {
      ...{ figure: 'spread slices', cohort: cohort.name, equal, cases: spread.length, seeds: bySeed.length },
      ...{ whole: w.mean, wholeSd: w.sd, spread: s.mean, spreadSd: s.sd },
      ahead: w.mean === null || s.mean === null ? null : rounded(s.mean - w.mean),
      ...(bySeed.length > 1 && {
        aheadBySeed: bySeed.map(({ scores }) => rounded(meanOf(scores[equal]) - meanOf(scores.whole))).join(', '),
      }),
      p: rounded(pairedTTest(spread, whole)?.p ?? 1),
      ...{ wholeSlices: drawn(({ length }) => length, 'whole'), spreadSlices: drawn(({ length }) => length, equal) },
      ...{ wholeContourMm: drawn(lengthOf, 'whole'), spreadContourMm: drawn(lengthOf, equal) },
    };
  });
}

interface Spread {
  readonly drawn: Record<Way, Drawn[]>;
  /** Dice of each reported case, percent, mean over labels. */
  readonly scores: Record<Way, number[]>;
}

/** One training a way; those that are there already are used. */
async function spreadOf(folder: string, cohort: Cohort, training: Training): Promise<Spread> {
  const { learn, report, rest } = casesOf(folder, cohort);
  const read = (name: string) => readCase(folder, name, training.spacing);
  const pool = [...learn, ...rest].slice(0, WHOLE * EVERY);
  const others = rest.filter((name) => !pool.includes(name)).slice(0, UNLABELLED);
  const slices = (await Promise.all(pool.map(async (name) => slicesOf(name, (await read(name)).mask)))).flat();
  const drawn = chosen(pool, slices, training.seed);
  const scores = { whole: [], slices: [], contour: [] } as Record<Way, number[]>;
  for (const way of WAYS) {
    const project = join(training.out, folderName(`${cohort.name}-spread-${way}`, training));
    const own = join(project, 'p');
    if (!existsSync(join(project, 'predicted'))) {
      rmSync(project, { recursive: true, force: true });
      const kept = drawn[way];
      const marked = async (name: string) => {
        const one = await read(name);
        return { ...one, mask: onlyDrawn(one.mask, new Set(kept.flatMap((s) => (s.name === name ? [s.k] : [])))) };
      };
      const labelled = pool.filter((name) => kept.some((slice) => slice.name === name));
      const unlabelled = [...pool.filter((name) => !labelled.includes(name)), ...others];
      await writeCases(labelled, marked, join(project, 'learn'), join(project, 'masks'));
      await writeCases(unlabelled, read, join(project, 'unlabelled'));
      await writeCases(report, read, join(project, 'report'));
      newProject(own, cohort.labels);
      const masks = ['--labels', join(project, 'masks'), '--ignore-label', String(NOT_DRAWN)];
      decile('import', own, join(project, 'learn'), ...masks);
      decile('import', own, join(project, 'unlabelled'));
      train(own, training);
      await importAndPredict(own, join(project, 'report'));
      mkdirSync(join(project, 'predicted'));
    }
    const cases = await withPredictions(own, await Promise.all(report.map(read)));
    const labels = Array.from({ length: cohort.labels }, (_, n) => n + 1);
    scores[way] = cases.map(
      ({ prediction, mask }) =>
        labels.reduce((sum, label) => sum + dice(countOverlap(prediction, mask, label)), 0) / labels.length,
    );
  }
  return { drawn, scores };
}

/**
 * The slices of each way: all of the first scans; as many of all scans, every fourth one, from a start by lot; these with some taken
 * away or more drawn, by lot, until the outlines are as long as those of the whole scans.
 */
export function chosen(pool: readonly string[], slices: readonly Drawn[], seed: number): Record<Way, Drawn[]> {
  const random = new Random(seed);
  const whole = slices.filter(({ name }) => pool.indexOf(name) < WHOLE);
  const spread = pool.flatMap((name) => {
    const start = random.integer(EVERY);
    return slices.filter((slice) => slice.name === name && slice.k % EVERY === start);
  });
  const shuffled = (list: readonly Drawn[]) => random.permutation(list.length).map((n) => list[n]);
  const equal = shuffled(spread).slice(0, whole.length);
  const missing = shuffled(slices.filter((slice) => !spread.includes(slice)));
  while (equal.length < whole.length && missing.length > 0) equal.push(missing.pop()!);
  const contour = [...equal];
  const wanted = lengthOf(whole);
  while (lengthOf(contour) > wanted) contour.pop();
  while (lengthOf(contour) < wanted && missing.length > 0) contour.push(missing.pop()!);
  return { whole, slices: equal, contour };
}

export const lengthOf = (slices: readonly Drawn[]): number =>
  Math.round(slices.reduce((sum, { contour }) => sum + contour, 0));

/** Each slice along k with the length of the borders between its labels, along the edges of voxels, mm. */
export function slicesOf(name: string, { data, size, spacing }: LabelMap): Drawn[] {
  const [ni, nj, nk] = size;
  return Array.from({ length: nk }, (_, k) => {
    let contour = 0;
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++) {
        const v = i + ni * (j + nj * k);
        if (i + 1 < ni && data[v] !== data[v + 1]) contour += spacing[1];
        if (j + 1 < nj && data[v] !== data[v + ni]) contour += spacing[0];
      }
    return { name, k, contour };
  });
}

function onlyDrawn(mask: LabelMap, drawn: ReadonlySet<number>): LabelMap {
  const area = mask.size[0] * mask.size[1];
  return { ...mask, data: mask.data.map((value, v) => (drawn.has(Math.floor(v / area)) ? value : NOT_DRAWN)) };
}
