import { Command, InvalidArgumentError, Option } from 'commander';
import type { Project } from '../../app.ts';
import { ENGINES, type EngineName } from '../../core/options.ts';
import { expectedFigures } from '../../core/predict/expected-dice.ts';
import type { Flips } from '../../core/predict/mirror.ts';
import { RARE_LABELS, type RareLabels } from '../../core/predict/rare-weights.ts';
import type { PredictRequest } from '../../project/services/predict/predict.ts';
import { DecileError } from '../../shared/errors.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result, table } from '../output.ts';
import { userPath } from '../place.ts';
import { sayLeftOut, showPrediction, withProject } from './common.ts';

interface PredictFlags extends Output {
  run?: string;
  model?: string;
  scans: 'all' | 'unlabelled';
  stride?: [number, number, number];
  flips?: Flips;
  rareLabels: RareLabels;
  pieces: 'auto' | 'all' | 'largest';
  engine?: EngineName;
}

export function predictCommand(): Command {
  return new Command('predict')
    .description('make masks with a trained run')
    .argument('<DIR>', 'the project')
    .option('--run <RUN>', 'name of the run; the latest finished one without it')
    .option('--model <FILE>', 'predict with a model file from elsewhere, which becomes a run of the project')
    .option('--scans <WHICH>', 'all, or unlabeled: those without an accepted mask', parseWhich, 'unlabelled')
    .option('--stride <X,Y,Z>', 'window stride in voxels; half the patch without it', parseStride)
    .option('--flips <AXES>', 'also read each window mirrored along these axes, like x or xyz, and average', parseFlips)
    .addOption(
      new Option(
        '--pieces <WHICH>',
        'connected pieces of a label that stay: auto is as many as every labelled scan shows',
      )
        .choices(['auto', 'all', 'largest'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--rare-labels <HOW>',
        'labels that patches rarely held: weighted favours one the more, the less sure the model is of it; argmax treats it as all others',
      )
        .choices(RARE_LABELS)
        .default('weighted'),
    )
    .addOption(new Option('--engine <ENGINE>', "what computes; the run's own choice without it").choices(ENGINES))
    .action((folder: string, flags: PredictFlags) =>
      withProject(folder, 'write', async (project) => {
        const progress = new Progress(flags, 'Predicting');
        if (flags.model !== undefined) flags.run = await modelRun(project, flags.model, flags);
        const request: PredictRequest = {
          run: flags.run,
          scans: flags.scans,
          stride: flags.stride,
          flips: flags.flips,
          rareLabels: flags.rareLabels,
          pieces: flags.pieces,
          engine: flags.engine,
        };
        const handle = project.predict(request, (event) => {
          if (event.type === 'notice') progress.say(event.message);
          showPrediction(progress, event);
        });
        const unwatch = onInterrupt(() => {
          progress.say('Stopping; the masks made so far stay.');
          handle.cancel();
        });
        try {
          const report = await handle.done;
          progress.end();
          const classes = report.run.classes.slice(1);
          const { byScan } = await project.compare.expected();
          const predicted = report.predicted.map((p) => ({ ...p, expectedDice: byScan.get(p.scan) ?? null }));
          result(
            flags,
            { run: report.run.name, predicted, unseen: report.unseen, leftOut: report.leftOut, left: report.left },
            () => {
              const rows = predicted
                .toSorted((a, b) => b.meanEntropy - a.meanEntropy)
                .map((p) => [
                  p.name,
                  p.meanEntropy,
                  p.expectedDice ? expectedFigures(p.expectedDice) : '',
                  ...p.volumesMl,
                ]);
              const head = `${report.predicted.length} scans predicted by ${report.run.name}, most uncertain first:`;
              return `${head}\n${table(['scan', 'entropy', 'expected Dice', ...classes.map((name) => `${name} ml`)], rows, 3)}`;
            },
          );
          if (report.cancelled) throw new Exit(EXIT.interrupted);
          sayLeftOut(flags, report.leftOut);
        } finally {
          progress.end();
          unwatch();
        }
      }),
    );
}

/** Name of the run that a model file becomes, or became before. */
async function modelRun(project: Project, file: string, flags: PredictFlags): Promise<string> {
  if (flags.run !== undefined)
    throw new DecileError(
      'option/invalid',
      `--model must come without --run, got --run ${flags.run} too.`,
      'Leave one of them out.',
    );
  // Before a run is made of it: where there is nothing to predict, nothing changes.
  project.scansToPredict(flags.scans);
  const { run, notices } = await project.models.import({ path: userPath(file) });
  for (const text of notices) notice(flags, text);
  return run.name;
}

function parseWhich(text: string): 'all' | 'unlabelled' {
  if (text === 'all') return 'all';
  if (text === 'unlabeled' || text === 'unlabelled') return 'unlabelled';
  throw new InvalidArgumentError(`It must be all or unlabeled, got ${text}.`);
}

/** Letters of axes, in any order, with or without commas. */
function parseFlips(text: string): Flips {
  const axes = text.toLowerCase().replaceAll(',', '');
  if (!/^[xyz]+$/.test(axes))
    throw new InvalidArgumentError(`It must be axes of x, y and z, like x or xyz, got ${text}.`);
  return [axes.includes('x'), axes.includes('y'), axes.includes('z')];
}

function parseStride(text: string): [number, number, number] {
  const sides = text.split(/[,x]/).map(Number);
  if (sides.length !== 3 || sides.some((side) => !Number.isInteger(side) || side < 1))
    throw new InvalidArgumentError(`It must be X,Y,Z in whole voxels, got ${text}.`);
  return sides as [number, number, number];
}
