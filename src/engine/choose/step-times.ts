/** What a training step took on this machine, kept in the user's cache folder: for the chooser and for expected times. */
import type { EngineName, TrainingOptions } from '../../core/options.ts';
import { keepInCache, keyOf, machineKey, readCache } from '../machine/cache-file.ts';
import { findTensorflow } from '../tensorflow/installation.ts';
import { knownAdapter } from './known-adapter.ts';

export interface StepTime {
  engine: Exclude<EngineName, 'auto'>;
  /** As the engine describes itself. */
  device: string;
  seconds: number;
  /** Peak resident bytes of the process that measured. */
  bytes: number;
  /** Milliseconds since 1970. */
  measuredAt: number;
  /** Other programs took a good part of the processor meanwhile: the time is too long, and forgotten after an hour. */
  busy?: boolean;
}

const FILE = 'step-times.json';
const BUSY_KEPT_MS = 3600 * 1000;

/** The last time of each engine, by machine and step; none that a busy machine gave long ago. */
function read(): Record<string, Record<string, StepTime>> {
  const counts = ({ busy, measuredAt }: StepTime) => !busy || Date.now() - measuredAt < BUSY_KEPT_MS;
  const kept = Object.entries(readCache<Record<string, StepTime>>(FILE)).map(
    ([key, times]): [string, Record<string, StepTime>] => [
      key,
      Object.fromEntries(Object.entries(times).filter(([, time]) => counts(time))),
    ],
  );
  return Object.fromEntries(kept.filter(([, times]) => Object.keys(times).length > 0));
}

/** What a step's time depends on, the engine apart. */
type Step = Pick<
  TrainingOptions,
  'method' | 'network' | 'width' | 'labelledPerStep' | 'unlabelledPerStep' | 'unlabelledBranch' | 'prototypeFeatures'
>;

function stepKey(step: Step, patch: readonly number[], cores?: number): string {
  const { method, network, width, labelledPerStep, unlabelledPerStep, unlabelledBranch, prototypeFeatures } = step;
  const shape = [method, network, width, labelledPerStep, unlabelledPerStep, unlabelledBranch, prototypeFeatures];
  return keyOf(machineKey(cores), ...shape, patch.join('x'));
}

/** The measured times of a step, fastest first; one an engine. @param cores that computed; default those of this process */
export function stepTimes(step: Step, patch: readonly number[], cores?: number): StepTime[] {
  return Object.values(read()[stepKey(step, patch, cores)] ?? {}).sort((a, b) => a.seconds - b.seconds);
}

/** The engines of this machine that training may take by itself: no GPU that nobody found yet, and none that is emulated. */
export const availableEngines = (): StepTime['engine'][] => [
  ...(findTensorflow().length > 0 ? (['tensorflow'] as const) : []),
  ...(knownAdapter()?.software === false ? (['webgpu'] as const) : []),
  'simd',
];

/** The times of the newest step that several engines were measured with on this machine, fastest first; empty without one. */
function newestComparison(cores?: number): StepTime[] {
  const compared = Object.entries(read())
    .filter(([key, times]) => key.startsWith(machineKey(cores)) && Object.keys(times).length > 1)
    .map(([, times]) => Object.values(times).sort((a, b) => a.seconds - b.seconds));
  const newest = (times: StepTime[]) => Math.max(...times.map((t) => t.measuredAt));
  return compared.sort((a, b) => newest(b) - newest(a))[0] ?? [];
}

/** The faster engine of the newest step that several were measured with on this machine; undefined without one. */
export const fastestEngine = (): StepTime['engine'] | undefined => newestComparison()[0]?.engine;

/** The engines among which `fastestEngine` is the fastest. @param cores that computed; default those of this process */
export const comparedEngines = (cores?: number): StepTime['engine'][] =>
  newestComparison(cores).map(({ engine }) => engine);

/** Keeps a measured time in place of the engine's last one. */
export function keepStepTime(step: Step, patch: readonly number[], time: StepTime): void {
  const key = stepKey(step, patch);
  keepInCache(FILE, key, { ...read()[key], [time.engine]: time });
}
