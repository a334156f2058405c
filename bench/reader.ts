/**
 * A simulated reader: how many clicks a mask takes, and how good the answers are. Scans are read from FOLDER/left-atrium,
 * /hippocampus, /vertebrae, each with images/ and labels/; FOLDER may be the left atrium alone.
 * npm run bench -- reader --data FOLDER [--quick] [--cohorts left-atrium,...] [--steps N] [--out FOLDER] [--json]
 *   [--skip N] [--cases N] [--labelled N] [--spacing MM --patch X,Y,Z] [--only preview,clicks,slices,model,spread,corrections,expected]
 *   [--seeds 1,2,...] [--calibration-folds K] [--pictures FOLDER]
 * --quick: left atrium at 2.5 mm, 5 cases, 600 steps at 48x32x16. --steps: of the training otherwise; 0: image alone.
 * --skip, --cases: which cases are clicked, the first --skip after the labelled ones left out; so other lists than the reported one can tell
 * what to choose. --spacing: all scans at that voxel size, with that patch.
 * --only: some of the figures. preview, clicks (and strokes of a brush, beside them) and slices from the image alone; model: both from a model's predictions, and expected
 * against true Dice (expected: that alone, which model has too); spread: whole scans or their slices over many; corrections: until 95 % reach 90 Dice. --quick has the first four.
 * --seeds: a training each; every seed's figures of model, then one of all: counts added up, other numbers their mean; spread: cases' means over the seeds.
 * --calibration-folds: trains with them, and says the expected Dice before the first review with and without.
 * --pictures FOLDER: PNG files of the cases that clicks left worst, with an index.
 * --out FOLDER keeps the trained projects, and uses those that are there, for other lists of cases too; a training that was killed goes on. Prints a line a figure, and the aims last.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { aimsOf } from './reader/aims.ts';
import { strokeFigures } from './reader/brushed.ts';
import { calibrationFigures } from './reader/calibrated.ts';
import { COHORTS, type Cohort, casesOf, folderOf, readCase } from './reader/cohort.ts';
import { correctionFigures } from './reader/corrections.ts';
import { expectedFigures } from './reader/expected.ts';
import { type Figure, overSeeds } from './reader/figures.ts';
import { brushAlone, clickFigures, imageAlone } from './reader/image-alone.ts';
import { predictedCases } from './reader/model.ts';
import { Album } from './reader/pictures.ts';
import { previewTimes } from './reader/preview.ts';
import { sliceFigures } from './reader/slices.ts';
import { spreadFigures } from './reader/spread.ts';
import { brushedModel, withModel } from './reader/with-model.ts';
import { WrongOption } from './wrong-option.ts';

const PARTS: readonly string[] = ['preview', 'clicks', 'slices', 'model', 'spread', 'corrections', 'expected'];
const QUICK = { cases: 5, spacing: 2.5, steps: 600, patch: '48,32,16', parts: PARTS.slice(0, 4) };

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
      seeds: { type: 'string', default: '1' },
      labelled: { type: 'string' },
      pictures: { type: 'string' },
      'calibration-folds': { type: 'string', default: '0' },
      only: { type: 'string' },
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
    ...(values.labelled && { labelled: Number(values.labelled) }),
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
  const only = values.only?.split(',') ?? (quick ? QUICK.parts : PARTS);
  const strange = only.find((part) => !PARTS.includes(part));
  if (strange !== undefined) throw new WrongOption(`--only must be some of ${PARTS.join(', ')}, got ${strange}.`);
  const has = (part: string) => only.includes(part);
  const figures: Figure[] = [];
  const print = (more: readonly Figure[]) => {
    if (values.json) for (const figure of more) console.log(JSON.stringify(figure));
    else console.table(more);
  };
  const say = (more: readonly Figure[]) => {
    figures.push(...more);
    print(more);
  };
  const album = values.pictures ? new Album(values.pictures) : null;
  const seeds = values.seeds.split(',').map(Number);
  const folds = Number(values['calibration-folds']);
  const spacing = quick ? QUICK.spacing : values.spacing ? Number(values.spacing) : null;
  if (has('preview')) say([previewTimes()]);
  const steps = quick ? QUICK.steps : Number(values.steps);
  const out = values.out ?? mkdtempSync(join(tmpdir(), 'decile-reader-'));
  try {
    for (const [cohort, folder] of found) {
      const { report } = casesOf(folder, cohort);
      const read = (name: string) => readCase(folder, name, spacing);
      if (has('clicks')) {
        const sessions = await imageAlone(folder, cohort, spacing);
        say(clickFigures(cohort.name, 'image', sessions));
        await album?.add({ cohort, evidence: 'image' }, report, sessions, read);
        say(strokeFigures(cohort.name, 'nothing', await brushAlone(folder, cohort, spacing)));
      }
      if (has('slices')) say(await sliceFigures(folder, cohort, spacing));
      if (steps === 0) continue;
      const patch = quick ? QUICK.patch : (values.patch ?? cohort.patch);
      const trainings = seeds.map((seed) => ({ steps, patch, spacing, out, seed, folds }));
      if (has('model') || has('expected')) {
        const bySeed: Figure[][] = [];
        for (const training of trainings) {
          const cases = await predictedCases(folder, cohort, training);
          const sessions = has('model') ? withModel(cases, cohort) : [];
          if (has('model'))
            await album?.add({ cohort, evidence: 'model', seed: training.seed }, report, sessions, read);
          const own = [
            ...[expectedFigures(cases, cohort), ...calibrationFigures(cases, cohort, training)],
            ...(has('model') ? clickFigures(cohort.name, 'model', sessions) : []),
            ...(has('model') ? strokeFigures(cohort.name, 'model', brushedModel(cases, cohort)) : []),
          ].map((figure) => ({ ...figure, seed: training.seed }));
          bySeed.push(own);
          if (seeds.length > 1) print(own);
        }
        say(overSeeds(bySeed));
      }
      if (has('spread')) say(await spreadFigures(folder, cohort, trainings));
      if (has('corrections')) for (const one of trainings) await correctionFigures(folder, cohort, one, say);
    }
  } finally {
    if (!values.out) rmSync(out, { recursive: true, force: true });
  }
  const aims = { aims: aimsOf(figures) };
  if (values.json) console.log(JSON.stringify(aims));
  else console.table(aims.aims);
}
