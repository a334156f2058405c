/**
 * One training step on one of our engines, for comparison with bench/pytorch/step.py: the same protocol. Prints
 * {"ready"} after the warm-up, {"seconds", "loss"} for every line "step" on standard input, and at the end
 * {"bytes", "baselineBytes"}: peak resident memory above and at the baseline (engine started, first small convolution).
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { methodByName } from '../src/core/methods/index.ts';
import { type EngineName, type MethodName, resolveOptions } from '../src/core/options.ts';
import { TwoStreamSampler } from '../src/core/train/batch.ts';
import { trainStep } from '../src/core/train/loop.ts';
import type { PatchSource, Sides } from '../src/core/train/patches.ts';
import { initialState } from '../src/core/train/state.ts';
import { startEngine } from '../src/engine/index.ts';
import { kernelsOf } from '../src/engine/kernels/index.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'auto' },
    method: { type: 'string', default: 'cpcl' },
    width: { type: 'string', default: '8' },
    patch: { type: 'string', default: '64,64,32' },
    batch: { type: 'string', default: '2' },
    'warm-up': { type: 'string', default: '2' },
  },
});
const patch = values.patch.split(',').map(Number) as [number, number, number];
const options = resolveOptions({
  method: values.method as MethodName,
  width: Number(values.width),
  labelledPerStep: Number(values.batch),
  unlabelledPerStep: Number(values.batch),
  steps: 20000,
});

/** Noise around a ball, as in the PyTorch script; the times do not depend on the values. */
function ball(withMask: boolean): PatchSource {
  const image = new Float32Array(patch[0] * patch[1] * patch[2]);
  const mask = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const at = [i % patch[0], Math.floor(i / patch[0]) % patch[1], Math.floor(i / (patch[0] * patch[1]))];
    const squares = at.reduce((sum, v, axis) => sum + ((2 * v) / (patch[axis] - 1) - 1) ** 2, 0);
    mask[i] = squares < 0.5 ? 1 : 0;
    image[i] = mask[i] + Math.sin(i * 12.9898);
  }
  // Odd turns of a patch that is no cube in plane read a box of other sides: the voxels are the same.
  const whole = <T extends Float32Array | Uint8Array>(from: T, box: Sides): T =>
    from.slice(0, box[0] * box[1] * box[2]) as T;
  return {
    name: 'ball',
    size: patch,
    readImage: (_, box) => whole(image, box),
    ...(withMask ? { readMask: (_: Sides, box: Sides) => whole(mask, box) } : {}),
  };
}

const say = (facts: object) => console.log(JSON.stringify(facts));
const engine = await startEngine(values.engine as EngineName);
const { tf } = engine;
const kernels = kernelsOf(engine);
tf.tidy(() => void kernels.conv3d(tf.zeros([1, 4, 4, 4, 1]), tf.zeros([3, 3, 3, 1, 1])).dataSync());
const peak = () => process.resourceUsage().maxRSS * 1024;
const baseline = peak();

const method = methodByName(options.method);
const sampler = new TwoStreamSampler([ball(true)], [ball(false)], { ...options, patch, classes: 2 });
const state = initialState(method, options, 2);
const timed = async () => {
  const start = performance.now();
  const { losses } = await trainStep(method, state, sampler, { options, kernels });
  return { seconds: (performance.now() - start) / 1000, loss: losses.total };
};
for (let n = 0; n < Number(values['warm-up']); n++) await timed();
say({ ready: true, engine: engine.name, device: engine.device });
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'quit') break;
  if (line.trim() === 'step') say(await timed());
}
say({ bytes: peak() - baseline, baselineBytes: baseline });
process.exit(0);
