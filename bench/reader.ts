/**
 * A simulated reader: how many clicks a mask takes, and how good the answers are. Scans are read from FOLDER/left-atrium,
 * /hippocampus, /vertebrae, each with images/ and labels/; FOLDER may be the left atrium alone.
 * npm run bench -- reader --data FOLDER [--quick] [--cohorts left-atrium,...] [--steps N] [--out FOLDER] [--json]
 *   [--skip N] [--cases N] [--spacing MM --patch X,Y,Z]
 * --quick: left atrium at 2.5 mm, 5 cases, 600 steps at 48x32x16. --steps: of the training otherwise; 0: image alone.
 * --skip, --cases: which cases are clicked, the first --skip after the labelled ones left out; so other lists than the reported one can tell
 * what to choose. --spacing: all scans at that voxel size, with that patch.
 * --out FOLDER keeps the trained projects, and uses those that are there. Prints a line a figure, and the aims last.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COHORTS, type Cohort, folderOf } from './reader/cohort.ts';
import { coverageP, expectedFigures } from './reader/expected.ts';
import { type Aim, atLeast, atMost, type Figure, rounded, unjudged } from './reader/figures.ts';
import { clickFigures, imageAlone } from './reader/image-alone.ts';
import { predictedCases } from './reader/model.ts';
import { previewTimes } from './reader/preview.ts';
import { EVERY, sliceFigures } from './reader/slices.ts';
import { withModel } from './reader/with-model.ts';

const QUICK = { cases: 5, spacing: 2.5, steps: 600, patch: '48,32,16' };

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      quick: { type: 'boolean', default: false },
      cohorts: { type: 'string' },
      steps: { type: 'string', default: '2000' },
      out: { type: 'string' },
      skip: { type: 'string', default: '0' },
      cases: { type: 'string' },
      spacing: { type: 'string' },
      patch: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { data, quick } = values;
  const wanted = quick ? ['left-atrium'] : (values.cohorts?.split(',') ?? COHORTS.map(({ name }) => name));
  const cases = quick ? QUICK.cases : values.cases && Number(values.cases);
  const chosen = COHORTS.filter(({ name }) => wanted.includes(name)).map((cohort) => ({
    ...cohort,
    skip: Number(values.skip),
    ...(cases && { cases }),
  }));
  const found = chosen.flatMap((cohort): [Cohort, string][] => {
    const folder = data ? folderOf(data, cohort) : null;
    return folder ? [[cohort, folder]] : [];
  });
  if (found.length === 0) {
    console.error(
      `--data must be a folder with ${wanted.join(', ')}, each with images/ and labels/, got ${data ?? 'none'}.`,
    );
    process.exit(2);
  }
  const figures: Figure[] = [];
  const say = (more: readonly Figure[]) => {
    figures.push(...more);
    if (values.json) for (const figure of more) console.log(JSON.stringify(figure));
    else console.table(more);
  };
  const spacing = quick ? QUICK.spacing : values.spacing ? Number(values.spacing) : null;
  say([previewTimes()]);
  const steps = quick ? QUICK.steps : Number(values.steps);
  const out = values.out ?? mkdtempSync(join(tmpdir(), 'decile-reader-'));
  try {
    for (const [cohort, folder] of found) {
      say(clickFigures(cohort.name, 'image', await imageAlone(folder, cohort, spacing)));
      say(await sliceFigures(folder, cohort, spacing));
      if (steps === 0) continue;
      const patch = quick ? QUICK.patch : (values.patch ?? cohort.patch);
      const cases = await predictedCases(folder, cohort, { steps, patch, spacing, out });
      say(clickFigures(cohort.name, 'model', withModel(cases, cohort)));
      say([expectedFigures(cases, cohort)]);
    }
  } finally {
    if (!values.out) rmSync(out, { recursive: true, force: true });
  }
  const aims = { aims: aimsOf(figures) };
  if (values.json) console.log(JSON.stringify(aims));
  else console.table(aims.aims);
}

/** The aims of the click tool on the left atrium, in the order of the figures. */
function aimsOf(figures: readonly Figure[]): Aim[] {
  const clicks = (evidence: string, dice: number): number | null => {
    const found = figures.find(
      (f) => f.figure === 'clicks' && f.cohort === 'left-atrium' && f.evidence === evidence && f.dice === dice,
    );
    return typeof found?.mean === 'number' ? found.mean : null;
  };
  const ahead = (every: number): number | null => {
    const found = figures.find((f) => f.figure === 'slices' && f.cohort === 'left-atrium' && f.every === every);
    return typeof found?.pAhead === 'number' ? found.pAhead : null;
  };
  const preview = figures.find((f) => f.figure === 'preview seconds at 256^3');
  return [
    atMost('left atrium, image alone: clicks to 80 Dice', clicks('image', 80), 8),
    atMost('left atrium, image alone: clicks to 90 Dice', clicks('image', 90), 15),
    atMost('left atrium, with a model: clicks to 90 Dice', clicks('model', 90), 3),
    typeof preview?.p95 === 'number'
      ? atMost('preview at 256^3: 95th percentile, seconds', preview.p95, 0.3)
      : unjudged('preview at 256^3: 95th percentile, seconds', 0.3),
    ...EVERY.map((n) =>
      atMost(`every ${n}th slice drawn: p that image-aware is no better than shape-based`, ahead(n), 0.05),
    ),
    unjudged('spread slices against whole scans, equal numbers of slices: Dice ahead', 0),
    unjudged('spread slices against whole scans, equal length of contour: Dice ahead', 0),
    ...COHORTS.flatMap(({ name }) => expectedAims(name, figures)),
    ...['left-atrium', 'hippocampus'].flatMap((name) => [
      unjudged(`${name}, continuous learning: voxels changed, share of one round`, 0.6),
      unjudged(`${name}, continuous learning: cases opened, share of one round`, 0.6),
    ]),
  ];
}

function expectedAims(cohort: string, figures: readonly Figure[]): Aim[] {
  const found = figures.find((f) => f.figure === 'expected dice' && f.cohort === cohort);
  const value = (key: string): number | null => (typeof found?.[key] === 'number' ? found[key] : null);
  const own = value('spearman');
  const others = [value('spearmanEntropy'), value('spearmanVolume')];
  const ahead = own === null || others.includes(null) ? null : rounded(own - Math.max(...others.map((v) => v ?? 0)));
  return [
    atLeast(`${cohort}, expected against true Dice: Spearman correlation`, own, 0.7),
    atLeast(`${cohort}, expected against true Dice: correlation ahead of entropy and of volume`, ahead, 0),
    atLeast(
      `${cohort}, coverage of the 90 % interval: p against 90 %`,
      coverageP(value('covered') ?? 0, value('intervals') ?? 0),
      0.05,
    ),
  ];
}
