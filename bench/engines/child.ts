/** One part of `npm run bench -- engines` on one engine, in a process of its own. Prints JSON. */
import { parseArgs } from 'node:util';
import { initNetwork } from '../../src/core/network/networks.ts';
import { type EngineName, PAPER_READING } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { defaultStride, slidingWindow, windowStarts } from '../../src/core/predict/sliding-window.ts';
import { Random } from '../../src/core/random.ts';
import { startEngine } from '../../src/engine/choose/index.ts';
import { kernelsOf } from '../../src/engine/choose/kernels-of.ts';
import { StepSession } from '../../src/engine/measure/step-session.ts';
import { startMachine } from '../../src/engine/simd/threads.ts';
import { median } from '../stepper.ts';
import { measureKernels } from './kernels.ts';

type Sides = [x: number, y: number, z: number];

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'kernels' },
    engine: { type: 'string', default: 'simd' },
    width: { type: 'string', default: '8' },
    patch: { type: 'string', default: '64,64,32' },
    size: { type: 'string', default: '256,256,256' },
    windows: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '0.2' },
  },
});
const sides = (text: string) => text.split(',').map(Number) as Sides;
const [patch, width] = [sides(values.patch), Number(values.width)];
const say = (facts: object) => console.log(JSON.stringify(facts));
const peakBytes = () => process.resourceUsage().maxRSS * 1024;

/** Multiplications and additions a second of this machine through WebAssembly's vectors of 128 bits. */
function measurePeak(): number {
  const machine = startMachine();
  const out = machine.heap.allocate(224 * machine.threads);
  machine.floats(out, 56 * machine.threads).fill(0.5);
  const tasks = 2000;
  const operations = tasks * 1000 * 12 * 8;
  const once = () => {
    const start = performance.now();
    machine.run('peak', tasks, out);
    return operations / (performance.now() - start) / 1e6;
  };
  const rates = Array.from({ length: 7 }, once);
  machine.stop();
  return Math.max(...rates);
}

if (values.part === 'peak') say({ gflops: measurePeak() });
else {
  const engine = await startEngine(values.engine as EngineName);
  const kernels = kernelsOf(engine);
  const baseline = peakBytes();
  if (values.part === 'kernels') {
    const [x, y, z] = patch;
    say({ device: engine.device, rows: await measureKernels(kernels, width, [z, y, x], Number(values.seconds)) });
  } else if (values.part === 'step') {
    const session = new StepSession(
      kernels,
      resolveOptions({ ...PAPER_READING, steps: 1, method: 'cpcl', width }),
      patch,
    );
    await session.step();
    const times: number[] = [];
    while (times.length < 3) times.push((await session.step()).seconds);
    say({ seconds: median(times), bytes: peakBytes() - baseline });
  } else {
    const size = sides(values.size);
    const random = new Random(1);
    const weights = initNetwork('unet', { width, inputChannels: 1, classes: 2 }, random);
    const image = Float32Array.from({ length: size[0] * size[1] * size[2] }, () => random.uniform());
    const stride = defaultStride(patch);
    const total = [0, 1, 2]
      .map((axis) => windowStarts(size[axis], patch[axis], stride[axis]).length)
      .reduce((a, b) => a * b);
    const limit = Number(values.windows) || total;
    const start = performance.now();
    let [seconds, done] = [0, 0];
    const stop = new Error('enough windows');
    const onWindow = (n: number) => {
      [seconds, done] = [(performance.now() - start) / 1000, n];
      if (n === limit && limit < total) throw stop;
    };
    await slidingWindow(image, size, weights, kernels, { patch, stride, network: 'unet' }, onWindow).catch((error) => {
      if (error !== stop) throw error;
    });
    say({ seconds: (seconds * total) / done, windows: done, total, bytes: peakBytes() - baseline });
  }
}
process.exit(0);
