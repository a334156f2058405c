/** The same drawing two ways: whole scans, or their slices spread over many scans; each is trained on and tested on the reported cases. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dice } from '../../src/core/metrics/dice.ts';
import { pairedTTest } from '../../src/core/metrics/index.ts';
import { countOverlap } from '../../src/core/metrics/overlap.ts';
import { Random } from '../../src/core/random.ts';
import { type LabelMap, NOT_DRAWN } from '../../src/core/volume.ts';
import { type Cohort, casesOf, readCase } from './cohort.ts';
import { type Figure, meanSd, rounded } from './figures.ts';
import { withPredictions } from './model.ts';
import { decile, importAndPredict, newProject, type Training, train, writeCases } from './project.ts';

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

export async function spreadFigures(folder: string, cohort: Cohort, training: Training): Promise<Figure[]> {
  const { learn, report, rest } = casesOf(folder, cohort);
  const read = (name: string) => readCase(folder, name, training.spacing);
  const pool = [...learn, ...rest].slice(0, WHOLE * EVERY);
  const others = rest.filter((name) => !pool.includes(name)).slice(0, UNLABELLED);
  const slices = (await Promise.all(pool.map(async (name) => slicesOf(name, (await read(name)).mask)))).flat();
  const drawn = chosen(pool, slices);
  const scores = new Map<(typeof WAYS)[number], number[]>();
  for (const way of WAYS) {
    const project = join(training.out, `${cohort.name}-spread-${way}`);
    const own = join(project, 'p');
    if (!existsSync(join(project, 'predicted'))) {
      rmSync(project, { recursive: true, force: true });
      const kept = drawn[way];
      const marked = async (name: string) => {
        const one = await read(name);
        return { ...one, mask: onlyDrawn(one.mask, new Set(kept.flatMap((s) => (s.name === name ? [s.k] : [])))) };
      };
      const labelled = pool.filter((name) => kept.some((slice) => slice.name === name));
      await writeCases(labelled, marked, join(project, 'learn'), join(project, 'masks'));
      await writeCases(
        [...pool.filter((name) => !labelled.includes(name)), ...others],
        read,
        join(project, 'unlabelled'),
      );
      await writeCases(report, read, join(project, 'report'));
      newProject(own, cohort.labels);
      decile(
        'import',
        own,
        join(project, 'learn'),
        '--labels',
        join(project, 'masks'),
        '--ignore-label',
        String(NOT_DRAWN),
      );
      decile('import', own, join(project, 'unlabelled'));
      train(own, training);
      await importAndPredict(own, join(project, 'report'));
      mkdirSync(join(project, 'predicted'));
    }
    const cases = await withPredictions(own, await Promise.all(report.map(read)));
    const labels = Array.from({ length: cohort.labels }, (_, n) => n + 1);
    const mean = (of: LabelMap, mask: LabelMap) =>
      labels.reduce((sum, label) => sum + dice(countOverlap(of, mask, label)), 0) / labels.length;
    scores.set(
      way,
      cases.map(({ prediction, mask }) => mean(prediction, mask)),
    );
  }
  const whole = scores.get('whole') ?? [];
  return (['slices', 'contour'] as const).map((equal): Figure => {
    const spread = scores.get(equal) ?? [];
    const [w, s] = [meanSd(whole), meanSd(spread)];
    return {
      ...{ figure: 'spread slices', cohort: cohort.name, equal, cases: spread.length },
      ...{ whole: w.mean, wholeSd: w.sd, spread: s.mean, spreadSd: s.sd },
      ahead: w.mean === null || s.mean === null ? null : rounded(s.mean - w.mean),
      p: rounded(pairedTTest(spread, whole)?.p ?? 1),
      ...{ wholeSlices: drawn.whole.length, spreadSlices: drawn[equal].length },
      ...{ wholeContourMm: lengthOf(drawn.whole), spreadContourMm: lengthOf(drawn[equal]) },
    };
  });
}

/**
 * The slices of each way: all of the first scans; as many of all scans, every fourth one, from a start by lot; these with some taken
 * away or more drawn, by lot, until the outlines are as long as those of the whole scans.
 */
export function chosen(pool: readonly string[], slices: readonly Drawn[]): Record<(typeof WAYS)[number], Drawn[]> {
  const random = new Random(1);
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
