/** Training, runs, prediction. */

import { availableParallelism } from 'node:os';
import type { Project } from '../../app.ts';
import { durationInWords } from '../../core/duration.ts';
import { type AskedOptions, usesUnlabelled } from '../../core/options.ts';
import type { RunHandle } from '../../project/services/train/train.ts';
import type { Run, Store } from '../../project/store/index.ts';
import type { Curve, RunInfo, TrainOutlook } from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { predictionProgress } from '../../shared/prediction-progress.ts';
import type { TrainerEvent } from '../../shared/training.ts';
import type { Handlers } from '../api.ts';
import { errorInfo } from '../errors.ts';
import type { JobHandle } from '../jobs.ts';
import { computes, type Learner } from '../learning.ts';
import type { RunInTraining, Session } from '../session.ts';
import { failureOf, showTraining } from '../show-training.ts';

type Names =
  | `train.${'plan' | 'probe' | 'start' | 'pause' | 'resume' | 'cancel' | 'curve' | 'evolution'}`
  | `runs.${'list' | 'notes'}`
  | `jobs.${'list' | 'cancel' | 'dismiss'}`
  | `learning.${'get' | 'set'}`
  | 'review.look'
  | 'predictions.start';

export const trainingHandlers = (session: Session, learner: Learner): Pick<Handlers, Names> => ({
  'train.plan': ({ options, validation }) =>
    describePlan(session.project(), options as Partial<AskedOptions>, validation),
  async 'train.probe'({ options, validation }) {
    alone(session);
    const project = session.project();
    await project.measure(project.plan({ options: options as Partial<AskedOptions>, validation }));
    return describePlan(project, options as Partial<AskedOptions>, validation);
  },
  async 'train.start'({ options, validation, name, notes }) {
    alone(session);
    const project = session.project();
    const request = { options: options as Partial<AskedOptions>, validation, name, notes };
    // What auto takes is measured first, once for this machine; meanwhile something else may have begun.
    await project.expectedTime(project.plan(request));
    alone(session);
    return watch(session)((onEvent) => project.train(request, onEvent));
  },
  'train.pause'({ run }) {
    running(session, run).pause();
    return null;
  },
  'train.resume'({ run }) {
    const going = session.training.get(run);
    if (going) {
      going.handle.resume();
      return { run, job: going.job };
    }
    alone(session);
    const project = session.project();
    return watch(session)((onEvent) => project.resume(project.store.runs.get(run).name, onEvent));
  },
  'train.cancel'({ run }) {
    running(session, run).cancel();
    return null;
  },
  'train.curve': ({ run, after }) => curveOf(session.project().store, run, after),
  'train.evolution': ({ run }) => session.project().evolution.frames(run),

  'runs.list'() {
    const project = session.project();
    return project.store.runs
      .list()
      .map((run) => runInfo(project, run))
      .reverse();
  },
  'runs.notes'({ run, notes }) {
    session.project().store.runs.update(run, { notes });
    return null;
  },

  'predictions.start'({ run, scans }) {
    alone(session);
    const project = session.project();
    const name = run === undefined ? undefined : project.store.runs.get(run).name;
    let job: JobHandle | undefined;
    // Started before the job, so that what cannot start is an error of the call.
    const handle = project.predict({ run: name, scans }, (event) => {
      const progress = predictionProgress(event);
      if (progress) job?.update(progress);
      if (event.type === 'predicted') session.changed([event.scan]);
      else if (event.type === 'notice') job?.notice(event.message);
      else if (event.type === 'left-out') job?.fail([failureOf(event)]);
    });
    const started = session.jobs.start(
      'predict',
      `Predicting ${handle.total} scans with ${handle.run.name}`,
      async (own) => {
        own.update({ total: handle.total, detail: 'loading the model' });
        own.fail(handle.leftOut.map(failureOf));
        own.signal.addEventListener('abort', () => handle.cancel(), { once: true });
        const report = await handle.done;
        session.changed([]);
        const left = report.left ? `, ${report.left} left` : '';
        const unseen = report.unseen.map(({ name }) => `; none has ${name}`).join('');
        return `${report.predicted.length} scans predicted${left}${unseen}.`;
      },
      handle.run.id,
    );
    job = started;
    return { job: started.id };
  },

  'learning.get': () => learner.info(),
  'learning.set': ({ learning }) => learner.set(learning),
  'review.look': ({ window, scan }) => learner.look(window, scan),

  'jobs.list': () => session.jobs.list(),
  'jobs.cancel'({ job }) {
    session.jobs.cancel(job);
    return null;
  },
  'jobs.dismiss'({ job }) {
    session.jobs.dismiss(job);
    return null;
  },
});

/** One training or prediction at a time: two would share the same device and both be slow. */
function alone(session: Session): void {
  const other = session.jobs.list().find(computes);
  if (other)
    throw new DecileError(
      'train/busy',
      `The device must be free, got ${other.title} still ${other.status}.`,
      'Wait for it, or cancel it in the line at the bottom.',
    );
}

function running(session: Session, run: number): RunInTraining {
  const going = session.training.get(run);
  if (!going)
    throw new DecileError('run/not-running', `A run must be in training, got run ${run}.`, 'Reload the list of runs.');
  return going.handle;
}

/** Shows a run as a job and passes on what the trainer says. */
const watch =
  (session: Session) =>
  (launch: (onEvent: (event: TrainerEvent, run: Run) => void) => RunHandle): { run: number; job: string } => {
    let job: JobHandle | undefined;
    const onEvent = (event: TrainerEvent, run: Run) => {
      session.emitter.emit('train', { run: run.id, event });
      if (job) showTraining(job, event);
    };
    const handle = launch(onEvent);
    const { run } = handle;
    const started = session.jobs.start(
      'train',
      `Training ${run.name}`,
      async (own) => {
        own.update({ done: run.step, total: run.options.steps, detail: 'starting' });
        own.signal.addEventListener('abort', () => handle.cancel(), { once: true });
        try {
          const left = await handle.done;
          if (left.state !== 'finished') own.update({ status: 'cancelled' });
          return left.state === 'finished'
            ? `Finished after ${left.step} steps.`
            : `Stopped at step ${left.step}; it can be resumed.`;
        } finally {
          session.training.delete(run.id);
          if (session.hasProject()) session.changed([]);
        }
      },
      run.id,
    );
    job = started;
    for (const notice of handle.plan?.notices ?? []) started.notice(notice);
    session.training.set(run.id, { handle, job: started.id });
    session.changed([]);
    return { run: run.id, job: started.id };
  };

/** A sentence, not a form. What cannot start is a problem of the plan, not an error of the call. */
function describePlan(project: Project, given: Partial<AskedOptions>, validation?: number): TrainOutlook {
  const processor = `this computer's processor (${availableParallelism()} cores)`;
  try {
    const plan = project.plan({ options: given, validation });
    const { seconds, basis, on, faster } = project.outlook(plan).time;
    const counts = [
      plural(plan.labelled.length, 'labelled'),
      ...(usesUnlabelled(plan.options.method) ? [plural(plan.unlabelled.length, 'unlabelled')] : []),
    ];
    const held = plan.validation.length ? `, ${plan.validation.length} held out for validation` : '';
    // Engines that compute on the processor say how many cores it has.
    const device = on === null || on.includes('cores') ? processor : "this computer's GPU";
    return {
      sentence: `Train on ${counts.join(' and ')} scans${held}, on ${device}${seconds === null ? '' : `, about ${durationInWords(seconds)}`}.`,
      labelled: plan.labelled.length,
      unlabelled: plan.unlabelled.length,
      validation: plan.validation.length,
      steps: plan.options.steps,
      networks: plan.options.ensemble,
      smallStructures: plan.options.smallStructures === 'auto' ? 'off' : plan.options.smallStructures,
      device: on ?? processor,
      seconds,
      basis: on === null ? basis : `${basis} Computes with ${on}.`,
      faster,
      notices: plan.notices,
      problems: [],
    };
  } catch (error) {
    const { store } = project;
    const labelled = store.masks.references().size;
    return {
      sentence: '',
      labelled,
      unlabelled: store.scans.list().length - labelled,
      validation: 0,
      steps: 0,
      networks: 1,
      smallStructures: 'off',
      device: processor,
      seconds: null,
      basis: '',
      faster: [],
      notices: [],
      problems: [errorInfo(error)],
    };
  }
}

const plural = (n: number, word: string): string => `${n} ${word}`;

function runInfo({ store, secondsPerStep }: Project, run: Run): RunInfo {
  const cases = store.runs.cases(run.id);
  const count = (role: string) => cases.filter((one) => one.role === role).length;
  const perStep = secondsPerStep(run.id);
  const dice = store.metrics.curve(run.id, 'validation.dice').at(-1)?.value;
  return {
    id: run.id,
    name: run.name,
    method: run.options.method,
    state: run.state === 'created' ? 'interrupted' : run.state,
    step: run.step,
    steps: run.options.steps,
    labelled: count('labelled'),
    unlabelled: count('unlabelled'),
    validation: count('validation'),
    device: run.device,
    createdAt: run.createdAt,
    ...(run.finishedAt ? { finishedAt: run.finishedAt } : {}),
    ...(perStep === null ? {} : { secondsPerStep: perStep }),
    notes: run.notes,
    failure: run.failure,
    predicted: store.predictions.list(run.id).length,
    ...(typeof dice === 'number' ? { validationDice: dice } : {}),
    options: { ...run.options },
  };
}

/** At most so many points reach the window; a longer curve is thinned evenly. */
const POINTS = 2000;

function curveOf(store: Store, run: number, after?: number): Curve {
  const { metrics } = store;
  const terms = metrics.names(run).filter((name) => name.startsWith('loss.'));
  const all = metrics.curve(run, 'lambda', after);
  const every = Math.max(1, Math.ceil(all.length / POINTS));
  const kept = all.filter((_, n) => n % every === 0 || n === all.length - 1);
  const steps = kept.map(({ step }) => step);
  const aligned = (name: string): (number | null)[] => {
    const values = new Map(metrics.curve(run, name, after).map(({ step, value }) => [step, value]));
    return steps.map((step) => values.get(step) ?? null);
  };
  return {
    steps,
    losses: Object.fromEntries(terms.map((name) => [name.slice('loss.'.length), aligned(name)])),
    lambda: kept.map(({ value }) => value ?? 0),
    learningRate: aligned('learningRate').map((value) => value ?? 0),
    secondsPerStep: aligned('secondsPerStep').map((value) => value ?? 0),
    validation: metrics
      .curve(run, 'validation.dice', after)
      .flatMap(({ step, value }) => (value === null ? [] : [{ step, dice: value }])),
  };
}
