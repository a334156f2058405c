/** Run as a program by the doctor: times a 3D convolution and a whole step on one engine, checks values, prints JSON. */
import type * as tf from '@tensorflow/tfjs';
import { type EngineName, resolveOptions } from '../core/options.ts';
import { type Engine, startEngine } from './index.ts';
import { kernelsOf } from './kernels/index.ts';
import { StepSession } from './step-session.ts';
import { keepStepTime } from './step-times.ts';

export interface Probe {
  device: string;
  /** Input and kernel, for people. */
  shape: string;
  /** GFLOP/s of the forward convolution, and of both gradients together. */
  forward: number;
  backward: number;
  /** Largest difference from sums in double precision, relative to the largest value. */
  difference: number;
  /** One whole CPCL step at the default options, and how many a run has by default; absent for the slow engine. */
  step?: { seconds: number; patch: [number, number, number]; width: number; steps: number };
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
  const size: Size =
    engine.name === 'cpu' ? { sides: [8, 16, 16], channels: 4 } : { sides: [32, 64, 64], channels: 16 };
  const { forward, backward } = speeds(engine, size);
  const [d, h, w] = size.sides;
  return {
    device: engine.device,
    shape: `${w}x${h}x${d}, ${size.channels} to ${size.channels} channels, 3x3x3`,
    forward,
    backward,
    difference: difference(engine),
    ...(engine.name === 'cpu' ? {} : { step: await wholeStep(engine, engine.name) }),
  };
}

const STEP_PATCH: [number, number, number] = [64, 64, 32];
const STEPS = 3;

/** The measured time is kept: `auto` takes the engine that is faster. */
async function wholeStep(engine: Engine, name: 'tensorflow' | 'simd'): Promise<Probe['step']> {
  const options = resolveOptions({ method: 'cpcl' });
  const session = new StepSession(kernelsOf(engine), options, STEP_PATCH);
  await session.step();
  const times: number[] = [];
  while (times.length < STEPS) times.push((await session.step()).seconds);
  session.dispose();
  const seconds = times.sort((a, b) => a - b)[STEPS >> 1];
  const bytes = process.resourceUsage().maxRSS * 1024;
  keepStepTime(options, STEP_PATCH, { engine: name, device: engine.device, seconds, bytes, measuredAt: Date.now() });
  return { seconds, patch: STEP_PATCH, width: options.width, steps: options.steps };
}

function speeds(engine: Engine, { sides, channels }: Size): { forward: number; backward: number } {
  const { tf } = engine;
  const map: [number, number, number, number, number] = [1, ...sides, channels];
  const x = tf.randomNormal(map) as tf.Tensor5D;
  const dy = tf.randomNormal(map) as tf.Tensor5D;
  const w = tf.randomNormal([3, 3, 3, channels, channels]) as tf.Tensor5D;
  const flop = 2 * 27 * x.size * channels;
  const kernels = kernelsOf(engine);
  // Values are read so that the work is done; tidy must not get them, it would walk through every number.
  const read = (run: () => tf.Tensor[]) =>
    tf.tidy(() => {
      for (const tensor of run()) tensor.dataSync();
    });
  const forward = median(() => read(() => [kernels.conv3d(x, w)]));
  const backward = median(() => read(() => [kernels.conv3dGradInput(dy, w), kernels.conv3dGradWeights(x, dy, 3)]));
  tf.dispose([x, dy, w]);
  return { forward: flop / forward / 1e9, backward: (2 * flop) / backward / 1e9 };
}

/** Median seconds of a call after one warm-up. */
function median(call: () => unknown): number {
  call();
  const seconds: number[] = [];
  for (let total = 0; seconds.length < 3 || (total < SECONDS && seconds.length < MAXIMUM); ) {
    const start = performance.now();
    call();
    seconds.push((performance.now() - start) / 1000);
    total += seconds.at(-1) as number;
  }
  return seconds.sort((a, b) => a - b)[seconds.length >> 1];
}

/** One small convolution and its gradients against loops over every index. */
function difference({ tf }: Engine): number {
  const [d, h, w, c, k] = [3, 4, 5, 2, 3];
  const wave = (length: number, step: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));
  const [x, weights, dy] = [wave(d * h * w * c, 0.7), wave(27 * c * k, 1.3), wave(d * h * w * k, 0.9)];
  const expected = convolutionByLoops({ d, h, w, c, k }, x, weights, dy);
  const actual = tf.tidy(() => {
    const inputs = [tf.tensor5d(x, [1, d, h, w, c]), tf.tensor5d(weights, [3, 3, 3, c, k])];
    const forward = (a: tf.Tensor, b: tf.Tensor) => tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, 1, 'same');
    const [dx, dw] = tf.grads(forward)(inputs, tf.tensor5d(dy, [1, d, h, w, k]));
    return [forward(inputs[0], inputs[1]), dx, dw].map((t) => t.dataSync());
  });
  return Math.max(
    ...expected.map((values, i) => {
      const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      return values.reduce((most, v, j) => Math.max(most, Math.abs(v - actual[i][j])), 0) / scale;
    }),
  );
}

type Sides = Record<'d' | 'h' | 'w' | 'c' | 'k', number>;

/** [y, dx, dw] of a same-padded 3x3x3 convolution, stride 1. */
function convolutionByLoops(s: Sides, x: Float32Array, weights: Float32Array, dy: Float32Array): Float64Array[] {
  const [y, dx, dw] = [dy.length, x.length, weights.length].map((n) => new Float64Array(n));
  const { d, h, w, c, k } = s;
  const inside = (i: number, n: number) => i >= 0 && i < n;
  for (let out = 0; out < d * h * w; out++) {
    const [oz, oy, ox] = [Math.floor(out / (h * w)), Math.floor(out / w) % h, out % w];
    for (let tap = 0; tap < 27; tap++) {
      const [z, yy, xx] = [oz + Math.floor(tap / 9) - 1, oy + (Math.floor(tap / 3) % 3) - 1, ox + (tap % 3) - 1];
      if (!inside(z, d) || !inside(yy, h) || !inside(xx, w)) continue;
      const from = ((z * h + yy) * w + xx) * c;
      for (let i = 0; i < c; i++) {
        for (let o = 0; o < k; o++) {
          const weight = (tap * c + i) * k + o;
          y[out * k + o] += x[from + i] * weights[weight];
          dx[from + i] += dy[out * k + o] * weights[weight];
          dw[weight] += dy[out * k + o] * x[from + i];
        }
      }
    }
  }
  return [y, dx, dw];
}

if (process.argv[1]?.endsWith('probe.ts')) {
  console.log(JSON.stringify(await probeEngine(process.argv[2] as EngineName)));
  process.exit(0);
}
