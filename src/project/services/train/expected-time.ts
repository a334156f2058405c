/** How long a training will take here: from an earlier run, or from steps measured on each engine that it may use. */
import type { PlannedOptions, TrainingOptions } from '../../../core/options.ts';
import { type Fit, fitOf } from '../../../core/train/fit-patch.ts';
import { trainingGrid } from '../../../core/train/preprocess.ts';
import { costFrom, stepCost } from '../../../core/train/step-cost.ts';
import { roomOf } from '../../../engine/choose/room.ts';
import { availableEngines, fastestEngine, type StepTime, stepTimes } from '../../../engine/choose/step-times.ts';
import { fasterAdvice } from '../../../engine/measure/advice.ts';
import type { StartTrainer } from '../../../shared/trainer.ts';
import type { Run, Store } from '../../store/index.ts';
import { compareEngines } from './measured-steps.ts';

export interface ExpectedTime {
  /** In all; null until a step was measured. */
  seconds: number | null;
  /** How it is known. */
  basis: string;
  /** What computes, as the engine describes itself; null until it is known. */
  on: string | null;
  /** What would make it faster, one sentence each. */
  faster: string[];
}

/** Options that change how long a step takes; the voxel size does by way of the patch alone. */
const COSTS = [
  'engine',
  'method',
  'network',
  'width',
  'patch',
  'labelledPerStep',
  'unlabelledPerStep',
  'unlabelledBranch',
  'prototypeFeatures',
] as const satisfies readonly (keyof TrainingOptions)[];

/** From the newest run of the same network, patch and method on this engine, else from a probe; honest about not knowing. */
export function expectedTime(store: Store, options: PlannedOptions): ExpectedTime {
  const probed = stepTimes(options, likelyFit(store, options).patch);
  const faster = [...fasterEngine(options, probed), ...fasterAdvice()];
  const alike = store.runs
    .list()
    .reverse()
    .find(
      (run) =>
        run.step > 2 &&
        onSameEngine(run, options) &&
        COSTS.every((key) => JSON.stringify(run.options[key]) === JSON.stringify(options[key])),
    );
  const perStep = alike ? secondsPerStep(store, alike.id) : null;
  if (alike && perStep !== null) {
    // Of one that reads unlabelled scans too, wherever the run stands: the others are told as a part of it.
    const whole = perStep / stepCost(alike.step - 1, alike.options);
    return {
      seconds: whole * costFrom(0, options),
      basis: `${whole.toFixed(2)} s a step, measured in ${alike.name}.`,
      on: alike.device || null,
      faster,
    };
  }
  const [best] = probed.filter((time) => options.engine === 'auto' || time.engine === options.engine);
  if (!best)
    return { seconds: null, basis: 'The time is known after a short probe or the first steps.', on: null, faster };
  return {
    seconds: best.seconds * costFrom(0, options),
    basis: `${best.seconds.toFixed(2)} s a step, measured in a short probe${best.busy ? ' while other programs kept this computer busy; faster when they rest' : ''}.`,
    on: best.device,
    faster,
  };
}

/** Of several engines `auto` takes the one that was measured to be the fastest: a run on another one, or before that, tells nothing. */
const onSameEngine = (run: Run, { engine }: PlannedOptions): boolean =>
  engine !== 'auto' || availableEngines().length < 2 || run.engine === fastestEngine();

/** The engine that was asked for may not be the fastest one that was measured. */
function fasterEngine(options: PlannedOptions, probed: StepTime[]): string[] {
  const own = probed.find((time) => time.engine === options.engine);
  const [best] = probed;
  if (!own || best.seconds >= own.seconds) return [];
  return [
    `The engine ${best.engine} takes ${best.seconds.toFixed(2)} s a step here, ${own.engine} ${own.seconds.toFixed(2)} s.`,
  ];
}

/** What the training will take, its engine chosen by measured steps (`compareEngines`). */
export async function settleEngine(
  store: Store,
  startTrainer: StartTrainer,
  options: PlannedOptions,
  classes: number,
  say?: (text: string) => void,
): Promise<ExpectedTime> {
  await compareEngines(startTrainer, options, () => likelyFit(store, options), classes, say);
  return expectedTime(store, options);
}

/** Patch and batch that the trainer would take; it looks at the scans that it prepared, this at their sizes. */
export function likelyFit(store: Store, options: PlannedOptions): Fit {
  const sizes = store.scans.list().map((scan) => trainingGrid(scan, options).size);
  const name = options.engine === 'auto' ? (fastestEngine() ?? 'simd') : options.engine;
  return fitOf(options, sizes, roomOf({ name }));
}

export function secondsPerStep(store: Store, run: number): number | null {
  const points = store.metrics.curve(run, 'secondsPerStep').slice(-20);
  const values = points.flatMap(({ value }) => (value === null ? [] : [value])).sort((a, b) => a - b);
  return values.length ? values[values.length >> 1] : null;
}
