/** How long a training will take here: from an earlier run, or from steps measured on each engine that it may use. */
import type { PlannedOptions, TrainingOptions } from '../../../core/options.ts';
import { type Fit, fitOf, recomputationOf } from '../../../core/train/fit-patch.ts';
import { trainingGrid } from '../../../core/train/preprocess.ts';
import { costFrom, stepCost } from '../../../core/train/step-cost.ts';
import { type KnownAdapter, keepAdapter, knownAdapter } from '../../../engine/choose/known-adapter.ts';
import { roomOf } from '../../../engine/choose/room.ts';
import {
  availableEngines,
  comparedEngines,
  fastestEngine,
  type StepTime,
  stepTimes,
} from '../../../engine/choose/step-times.ts';
import { fasterAdvice } from '../../../engine/measure/advice.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { StartTrainer } from '../../../shared/trainer.ts';
import type { Store } from '../../store/index.ts';

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
      (run) => run.step > 2 && COSTS.every((key) => JSON.stringify(run.options[key]) === JSON.stringify(options[key])),
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

/** The engine that was asked for may not be the fastest one that was measured. */
function fasterEngine(options: PlannedOptions, probed: StepTime[]): string[] {
  const own = probed.find((time) => time.engine === options.engine);
  const [best] = probed;
  if (!own || best.seconds >= own.seconds) return [];
  return [
    `The engine ${best.engine} takes ${best.seconds.toFixed(2)} s a step here, ${own.engine} ${own.seconds.toFixed(2)} s.`,
  ];
}

/** A driver that says nothing for so long is none. */
const LOOK_MS = 30_000;

/** Looks for a GPU, unless that was done lately: in the trainer's process, because drivers can crash or hang. */
async function lookForGpu(startTrainer: StartTrainer): Promise<void> {
  if (knownAdapter() !== undefined) return;
  let adapter: KnownAdapter | null = null;
  const trainer = startTrainer({ kind: 'adapter' }, (event) => {
    if (event.type === 'adapter') adapter = { name: event.name, software: event.software };
  });
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, LOOK_MS, null);
  });
  const last = await Promise.race([trainer.done, silence]);
  clearTimeout(timer);
  keepAdapter(last?.type === 'finished' ? adapter : null);
}

/**
 * Measures a step of these options on each engine that they allow and that was not measured yet, each in a process of its
 * own; the times are kept for this machine. Engines that fail are left out.
 * @returns what is known then, fastest first
 * @throws the last engine's error where none computes
 */
export async function measureSteps(
  startTrainer: StartTrainer,
  options: PlannedOptions,
  fit: Fit,
  classes: number,
): Promise<StepTime[]> {
  const { engine: asked } = options;
  if (asked === 'auto') await lookForGpu(startTrainer);
  const wanted = asked === 'auto' ? availableEngines() : [asked];
  let failure: DecileError | undefined;
  for (const engine of wanted) {
    if (stepTimes(options, fit.patch).some((time) => time.engine === engine)) continue;
    const { patch, plan } = fit;
    const recompute = recomputationOf(options, fit, roomOf({ name: engine }));
    const step = { options: { ...options, engine, plan }, patch, classes, ...(recompute && { recompute }) };
    const last = await startTrainer({ kind: 'probe', ...step }, () => {}).done;
    if (last.type !== 'error') continue;
    failure = new DecileError(last.code, last.message, last.cure);
    // A GPU that cannot do these steps is not asked again at every training.
    if (asked === 'auto' && engine === 'webgpu') keepAdapter(null);
  }
  const known = stepTimes(options, fit.patch).filter(({ engine }) => wanted.includes(engine));
  if (known.length === 0 && failure) throw failure;
  return known;
}

/**
 * Sees to it that `auto` chooses by measured steps: with several engines and no comparison of them on this machine, each does a
 * step of these options first. An engine that cannot be measured does not keep training from starting.
 */
export async function settleEngine(
  store: Store,
  startTrainer: StartTrainer,
  options: PlannedOptions,
  classes: number,
  say: (text: string) => void = () => {},
): Promise<ExpectedTime> {
  if (options.engine === 'auto') await lookForGpu(startTrainer);
  const engines = availableEngines();
  const compared = comparedEngines();
  if (options.engine === 'auto' && engines.length > 1 && !engines.every((engine) => compared.includes(engine))) {
    say(`Measuring a training step on ${engines.join(', ')} (once for this machine) ...`);
    const times = await measureSteps(startTrainer, options, likelyFit(store, options), classes).catch(() => []);
    for (const { engine, seconds, device } of times) say(`${engine}: ${seconds.toFixed(2)} s a step (${device}).`);
  }
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
