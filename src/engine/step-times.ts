/** What a training step took on this machine, kept in the user's cache folder: for the chooser and for expected times. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import type { EngineName, TrainingOptions } from '../core/options.ts';
import { threadCount } from './environment.ts';
import { cacheFolder, findTensorflow } from './installation.ts';

export interface StepTime {
  engine: Exclude<EngineName, 'auto'>;
  /** As the engine describes itself. */
  device: string;
  seconds: number;
  /** Peak resident bytes of the process that measured. */
  bytes: number;
  /** Milliseconds since 1970. */
  measuredAt: number;
}

const file = (): string => join(cacheFolder(), 'step-times.json');
const KEPT = 200;
const SEPARATOR = ' | ';

/** What a step's time depends on, the engine apart. */
type Step = Pick<
  TrainingOptions,
  'method' | 'network' | 'width' | 'labelledPerStep' | 'unlabelledPerStep' | 'unlabelledBranch' | 'prototypeFeatures'
>;

function keyOf(step: Step, patch: readonly number[]): string {
  const { method, network, width, labelledPerStep, unlabelledPerStep, unlabelledBranch, prototypeFeatures } = step;
  const shape = [method, network, width, labelledPerStep, unlabelledPerStep, unlabelledBranch, prototypeFeatures];
  return [machine(), ...shape, patch.join('x')].join(SEPARATOR);
}

const machine = (): string =>
  [os.cpus()[0]?.model.trim() ?? 'unknown', threadCount() || os.availableParallelism(), ''].join(SEPARATOR);

/** The measured times of a step, fastest first; one an engine. */
export function stepTimes(step: Step, patch: readonly number[]): StepTime[] {
  return Object.values(read()[keyOf(step, patch)] ?? {}).sort((a, b) => a.seconds - b.seconds);
}

/** The engines of this machine that training may take by itself. */
export const availableEngines = (): StepTime['engine'][] =>
  findTensorflow().length > 0 ? ['tensorflow', 'simd'] : ['simd'];

/** The faster engine of the newest step that several were measured with on this machine; undefined without one. */
export function fastestEngine(): StepTime['engine'] | undefined {
  const compared = Object.entries(read())
    .filter(([key, times]) => key.startsWith(machine()) && Object.keys(times).length > 1)
    .map(([, times]) => Object.values(times).sort((a, b) => a.seconds - b.seconds));
  const newest = (times: StepTime[]) => Math.max(...times.map((t) => t.measuredAt));
  return compared.sort((a, b) => newest(b) - newest(a))[0]?.[0].engine;
}

/** Keeps a measured time in place of the engine's last one. A cache folder that cannot be written is no error. */
export function keepStepTime(step: Step, patch: readonly number[], time: StepTime): void {
  const all = read();
  const key = keyOf(step, patch);
  const kept = Object.entries({ ...all, [key]: { ...all[key], [time.engine]: time } }).slice(-KEPT);
  try {
    mkdirSync(dirname(file()), { recursive: true });
    const part = `${file()}.${process.pid}.part`;
    writeFileSync(part, JSON.stringify(Object.fromEntries(kept), null, 1));
    renameSync(part, file());
  } catch {
    // Measured again next time.
  }
}

function read(): Record<string, Record<string, StepTime>> {
  try {
    return JSON.parse(readFileSync(file(), 'utf8'));
  } catch {
    return {}; // none yet, or unreadable: it is only a cache
  }
}
