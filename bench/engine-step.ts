/**
 * One training step on one of our engines, for comparison with bench/pytorch/step.py: the same protocol. Prints
 * {"ready"} after the warm-up, {"seconds", "loss"} for every line "step" on standard input, and at the end
 * {"bytes", "baselineBytes"}: peak resident memory above and at the baseline (engine started, first small convolution).
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type EngineName, type MethodName, type NetworkName, PAPER_READING } from '../src/core/options.ts';
import { resolveOptions } from '../src/core/parse-option.ts';
import type { Recompute } from '../src/core/train/step-bytes.ts';
import { startEngine } from '../src/engine/choose/index.ts';
import { kernelsOf } from '../src/engine/choose/kernels-of.ts';
import { StepSession } from '../src/engine/measure/step-session.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'auto' },
    method: { type: 'string', default: 'cpcl' },
    network: { type: 'string', default: 'unet' },
    width: { type: 'string', default: '8' },
    patch: { type: 'string', default: '64,64,32' },
    batch: { type: 'string', default: '2' },
    reading: { type: 'string', default: 'paper' },
    'deep-supervision': { type: 'boolean', default: false },
    recompute: { type: 'string' },
    'warm-up': { type: 'string', default: '2' },
  },
});
const patch = values.patch.split(',').map(Number) as [number, number, number];
const options = resolveOptions({
  ...(values.reading === 'paper' ? PAPER_READING : {}),
  deepSupervision: values['deep-supervision'] ? 'on' : 'off',
  method: values.method as MethodName,
  network: values.network as NetworkName,
  width: Number(values.width),
  labelledPerStep: Number(values.batch),
  unlabelledPerStep: Number(values.batch),
  steps: 20000,
});

const say = (facts: object) => console.log(JSON.stringify(facts));
const engine = await startEngine(values.engine as EngineName);
const { tf } = engine;
const kernels = kernelsOf(engine);
const first = tf.tidy(() => kernels.conv3d(tf.zeros([1, 4, 4, 4, 1]), tf.zeros([3, 3, 3, 1, 1])));
await first.data();
first.dispose();
const peak = () => process.resourceUsage().maxRSS * 1024;
const baseline = peak();

const session = new StepSession(kernels, options, patch, 2, values.recompute as Recompute | undefined);
for (let n = 0; n < Number(values['warm-up']); n++) await session.step();
say({ ready: true, engine: engine.name, device: engine.device });
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'quit') break;
  if (line.trim() === 'step') say(await session.step());
}
say({ bytes: peak() - baseline, baselineBytes: baseline });
process.exit(0);
