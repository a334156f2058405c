import { Command } from 'commander';
import type { Project } from '../../app.ts';
import { duration } from '../../core/duration.ts';
import type { RunHandle } from '../../project/services/train/train.ts';
import type { Run } from '../../project/store/index.ts';
import type { TrainerEvent } from '../../shared/training.ts';
import { addTrainingFlags, givenOptions, wholeNumber } from '../flags.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';
import { sayLeftOut, withProject } from './common.ts';

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train on the labelled and the unlabelled scans of a project')
    .argument('<DIR>', 'the project')
    .option(
      '--labeled <N>',
      'learn from the first N labelled scans alone; all others count as unlabelled',
      wholeNumber(1),
    )
    .option(
      '--validation <N>',
      'hold N labelled scans out: those after the first --labeled, or the last N',
      wholeNumber(0),
    )
    .option('--name <RUN>', 'name of the run; numbered without it')
    .option('--from <RUN|FILE>', 'start from the weights of a run, or of a model file')
    .option('--notes <TEXT>', 'kept with the run')
    .option('--dry-run', 'say what would be trained on, with which patch and for how long, and stop');
  addTrainingFlags(command);
  return command.action(
    (
      folder: string,
      flags: Output & {
        labeled?: number;
        validation?: number;
        name?: string;
        from?: string;
        notes?: string;
        dryRun?: boolean;
      },
    ) =>
      withProject(folder, flags.dryRun ? 'read' : 'write', async (project) => {
        const request = {
          options: givenOptions(flags as unknown as Record<string, unknown>),
          labelled: flags.labeled,
          validation: flags.validation,
          ...(flags.from !== undefined && { from: await project.models.startFrom(flags.from, userPath(flags.from)) }),
        };
        if (flags.dryRun) {
          const plan = project.plan(request);
          const names = (scans: { name: string }[]) => scans.map((scan) => scan.name);
          const lists = {
            labelled: names(plan.labelled),
            unlabelled: names(plan.unlabelled),
            validation: names(plan.validation),
          };
          for (const text of plan.notices) notice(flags, text);
          const { fit, time } = project.outlook(plan);
          const { spacing, method, steps, ensemble, region } = plan.options;
          const value = { options: plan.options, classes: plan.classes, fit, seconds: time.seconds, ...lists };
          result(flags, value, () =>
            [
              `Method ${method}, ${steps} steps${ensemble > 1 ? `, shared by ${ensemble} networks,` : ''} of ${fit.labelledPerStep} labelled and ${fit.unlabelledPerStep} unlabelled patches of ${fit.patch.join('x')} voxels, ${spacing === 'native' ? "on each scan's own grid" : `${typeof spacing === 'number' ? spacing : spacing.join(' x ')} mm`}${region === 'auto' ? ', in the region that a coarse model finds' : ''}.`,
              time.seconds === null ? time.basis : `About ${duration(time.seconds)}: ${time.basis}`,
              ...Object.entries(lists).map(([role, list]) => `${role} (${list.length}): ${list.join(', ')}`),
            ].join('\n'),
          );
          return;
        }
        const say = (text: string) => notice(flags, text);
        const { seconds, basis, faster } = await project.expectedTime(project.plan(request), say);
        if (seconds !== null) say([`About ${duration(seconds)}: ${basis}`, ...faster].join(' '));
        await follow(folder, project, flags, (onEvent) =>
          project.train({ ...request, name: flags.name, notes: flags.notes }, onEvent),
        );
      }),
  );
}

export function resumeCommand(): Command {
  return new Command('resume')
    .description('go on with an interrupted run from its last checkpoint')
    .argument('<DIR>', 'the project')
    .argument('[RUN]', 'name of the run; the latest unfinished one without it')
    .action((folder: string, name: string | undefined, flags: Output) =>
      withProject(folder, 'write', (project) =>
        follow(folder, project, flags, (onEvent) => project.resume(name, onEvent)),
      ),
    );
}

/** Shows a run until it ends; Ctrl-C leaves it resumable and says how. */
async function follow(
  folder: string,
  project: Project,
  flags: Output,
  start: (onEvent: (event: TrainerEvent, run: Run) => void) => RunHandle,
): Promise<void> {
  const progress = new Progress(flags, 'Training');
  const preparing = new Progress(flags, 'Preparing');
  const began = Date.now();
  let validation: number | null = null;
  const handle = start((event) => {
    if (event.type === 'validation') validation = event.dice;
    showEvent(event, progress, preparing);
  });
  for (const text of handle.plan?.notices ?? []) progress.say(text);
  let stopped = false;
  const unwatch = onInterrupt(() => {
    stopped = true;
    progress.say('Stopping after a checkpoint; once more stops at once.');
    handle.cancel('interrupted');
  });
  try {
    const run = await handle.done;
    progress.end();
    const how = `decile resume ${folder} ${run.name}`;
    const seconds = (Date.now() - began) / 1000;
    const cases = (role: 'labelled' | 'unlabelled' | 'validation') => project.store.runs.cases(run.id, role).length;
    const value = {
      run: run.name,
      state: run.state,
      step: run.step,
      steps: run.options.steps,
      method: run.options.method,
      device: run.device,
      engine: run.engine,
      seconds,
      validationDice: validation,
    };
    result(
      flags,
      {
        ...value,
        labelled: cases('labelled'),
        unlabelled: cases('unlabelled'),
        validation: cases('validation'),
        ...(run.startedFrom && { from: run.startedFrom }),
        leftOut: handle.leftOut,
        ...(run.state === 'finished' ? {} : { resume: how }),
      },
      () =>
        run.state === 'finished'
          ? `Run ${run.name} finished: ${run.step} steps of ${run.options.method} in ${duration(seconds)} on ${run.device}.\nNext: decile predict ${folder}`
          : `Run ${run.name} stopped at step ${run.step} of ${run.options.steps}. Go on with: ${how}`,
    );
    if (stopped && run.state !== 'finished') throw new Exit(EXIT.interrupted);
    sayLeftOut(flags, handle.leftOut);
  } finally {
    progress.end();
    unwatch();
  }
}

export function showEvent(event: TrainerEvent, progress: Progress, preparing: Progress): void {
  switch (event.type) {
    case 'started': {
      const from = event.step > 0 ? `Going on at step ${event.step} with` : 'Training on';
      progress.say(
        `${from} ${event.labelled} labelled and ${event.unlabelled} unlabelled scans, ${event.steps} steps, patch ${event.patch.join('x')}, ${event.parameters.toLocaleString('en')} parameters, engine ${event.engine} (${event.device}).`,
      );
      break;
    }
    case 'notice':
      progress.say(event.message);
      break;
    case 'left-out':
      progress.say(`${event.name} is left out. ${event.message}`);
      break;
    case 'preparing':
      preparing.update(event.done, event.total, 'scans');
      if (event.done >= event.total) preparing.end();
      break;
    case 'step': {
      const total = event.losses.total ?? Object.values(event.losses).reduce((sum, value) => sum + value, 0);
      progress.update(
        event.step,
        event.steps,
        `loss ${total.toFixed(3)}, ${event.secondsPerStep.toFixed(2)} s a step, ${duration(event.secondsLeft)} left`,
      );
      break;
    }
    case 'validation':
      progress.say(`Step ${event.step}: validation Dice ${event.dice.toFixed(2)} %.`);
      break;
    case 'calibrating':
      progress.update(
        (event.fold - 1) * event.steps + event.step,
        event.folds * event.steps,
        `calibrating expected Dice, fold ${event.fold} of ${event.folds}, ${duration(event.secondsLeft)} left`,
      );
      break;
    case 'paused':
      progress.say(`Paused at step ${event.step}.`);
      break;
    case 'resumed':
    case 'checkpoint':
    case 'evolution':
    case 'calibrated':
    case 'predicted':
    case 'held':
    case 'finished':
    case 'cancelled':
    case 'error':
      break;
  }
}
