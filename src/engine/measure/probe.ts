/** Run as a program by the doctor: times a 3D convolution and a whole step on one engine, checks values, prints JSON. */
import type * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';
import { CUBE } from '../../core/network/kernels.ts';
import type { EngineName } from '../../core/options.ts';
import { resolveOptions } from '../../core/parse-option.ts';
import { convolutionError } from '../backend/self-check.ts';
import { type Engine, startEngine } from '../choose/index.ts';
import { kernelsOf } from '../choose/kernels-of.ts';
import { keepStepTime } from '../choose/step-times.ts';
import { watchOthers } from '../machine/machine-load.ts';
import { type AdapterFacts, webgpuBackend } from '../webgpu/index.ts';
import { StepSession } from './step-session.ts';

export interface Probe {
  device: string;
  /** Input and kernel, for people. */
  shape: string;
  /** GFLOP/s of the forward convolution, and of both gradients together. */
  forward: number;
  backward: number;
  /** Largest difference from sums in double precision, relative to the largest value. */
  difference: number;
  /** Of the webgpu engine. */
  adapter?: AdapterFacts;
  /**
   * One whole step at the default options, and how many a run has by default; absent for a slow engine. `busy`: other
   * programs took a good part of the processor meanwhile.
   */
  step?: { seconds: number; busy: boolean; patch: [number, number, number]; width: number; steps: number };
}

/** Why an engine could not be probed. */
export interface ProbeFailure {
  failure: string;
  /** It is not on this machine, or the device that it needs is not: not a fault. */
  absent: boolean;
}

interface Size {
  sides: [number, number, number];
  channels: number;
}

/** Runs until both seconds and repeats are reached; the median is reported. */
const SECONDS = 0.7;
const MAXIMUM = 25;

export async function probeEngine(name: EngineName): Promise<Probe> {
  const engine = await startEngine(name);
  const adapter = engine.name === 'webgpu' ? webgpuBackend().gpu.facts : undefined;
  const slow = engine.name === 'cpu' || adapter?.software === true;
  const size: Size = slow ? { sides: [8, 16, 16], channels: 4 } : { sides: [32, 64, 64], channels: 16 };
  const { forward, backward } = await speeds(engine, size);
  const [d, h, w] = size.sides;
  return {
    device: engine.device,
    shape: `${w}x${h}x${d}, ${size.channels} to ${size.channels} channels, 3x3x3`,
    forward,
    backward,
    difference: await convolutionError(kernelsOf(engine)),
    ...(adapter ? { adapter } : {}),
    ...(slow ? {} : { step: await wholeStep(engine) }),
  };
}

const STEP_PATCH: [number, number, number] = [64, 64, 32];
const STEPS = 3;

/** The measured time is kept: `auto` takes the engine that is faster. */
async function wholeStep(engine: Engine): Promise<Probe['step']> {
  const options = resolveOptions({ steps: STEPS });
  const session = new StepSession(kernelsOf(engine), options, STEP_PATCH);
  const othersWereBusy = watchOthers();
  await session.step();
  const times: number[] = [];
  while (times.length < STEPS) times.push((await session.step()).seconds);
  session.dispose();
  const seconds = times.sort((a, b) => a - b)[STEPS >> 1];
  const bytes = process.resourceUsage().maxRSS * 1024;
  const busy = engine.name !== 'webgpu' && othersWereBusy();
  keepStepTime(options, STEP_PATCH, {
    ...{ engine: engine.name, device: engine.device, seconds, bytes },
    measuredAt: Date.now(),
    ...(busy && { busy }),
  });
  return { seconds, busy, patch: STEP_PATCH, width: options.width, steps: options.steps };
}

async function speeds(engine: Engine, { sides, channels }: Size): Promise<{ forward: number; backward: number }> {
  const { tf } = engine;
  const map: [number, number, number, number, number] = [1, ...sides, channels];
  const x = tf.randomNormal(map) as tf.Tensor5D;
  const dy = tf.randomNormal(map) as tf.Tensor5D;
  const w = tf.randomNormal([3, 3, 3, channels, channels]) as tf.Tensor5D;
  const flop = 2 * 27 * x.size * channels;
  const kernels = kernelsOf(engine);
  // Values are read so that the work is done.
  const read = async (run: () => tf.Tensor[]) => {
    const tensors = run();
    for (const tensor of tensors) await tensor.data();
    tf.dispose(tensors);
  };
  const forward = await median(() => read(() => [kernels.conv3d(x, w)]));
  const backward = await median(() =>
    read(() => [kernels.conv3dGradInput(dy, w), kernels.conv3dGradWeights(x, dy, CUBE)]),
  );
  tf.dispose([x, dy, w]);
  return { forward: flop / forward / 1e9, backward: (2 * flop) / backward / 1e9 };
}

/** Median seconds of a call after one warm-up. */
async function median(call: () => Promise<void>): Promise<number> {
  await call();
  const seconds: number[] = [];
  for (let total = 0; seconds.length < 3 || (total < SECONDS && seconds.length < MAXIMUM); ) {
    const start = performance.now();
    await call();
    seconds.push((performance.now() - start) / 1000);
    total += seconds.at(-1) as number;
  }
  return seconds.sort((a, b) => a - b)[seconds.length >> 1];
}

if (process.argv[1]?.endsWith('probe.ts')) {
  const answer: Probe | ProbeFailure = await probeEngine(process.argv[2] as EngineName).catch((error: unknown) => ({
    failure: (error as Error).message,
    absent: error instanceof DecileError && error.code === 'engine/not-installed',
  }));
  console.log(JSON.stringify(answer));
  process.exit(0);
}
