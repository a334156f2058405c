/** A short measurement in the trainer's process: what one step of these options takes on this machine. */
import { loadOf, patchesTogether } from '../../core/train/step-bytes.ts';
import { startEngine } from '../../engine/choose/index.ts';
import { kernelsOf } from '../../engine/choose/kernels-of.ts';
import { roomOf } from '../../engine/choose/room.ts';
import { keepStepTime } from '../../engine/choose/step-times.ts';
import { watchOthers } from '../../engine/machine/machine-load.ts';
import { StepSession } from '../../engine/measure/step-session.ts';
import type { ProbeJob } from '../../shared/training.ts';
import type { Control, Report } from './dependencies.ts';

/** After one warm-up step, steps for this long, at least two; where one takes longer than this, the first must do. */
const SECONDS = 2;
const LEAST = 2;
const LONG = 6;

export async function runProbe(
  { options, patch, classes, recompute }: ProbeJob,
  report: Report,
  control: Control,
): Promise<void> {
  const began = performance.now();
  const engine = await startEngine(options.engine);
  const othersWereBusy = watchOthers();
  const together = patchesTogether(patch, loadOf(options), roomOf(engine), recompute);
  const session = new StepSession(kernelsOf(engine), options, patch, classes, recompute, together);
  const first = (await session.step()).seconds;
  const seconds: number[] = first > LONG ? [first] : [];
  for (
    let total = first > LONG ? first : 0;
    first <= LONG && (total < SECONDS || seconds.length < LEAST) && !control.cancelled;
    total += seconds.at(-1) ?? 0
  ) {
    seconds.push((await session.step()).seconds);
    await new Promise(setImmediate); // messages are heard between steps
  }
  session.dispose();
  if (control.cancelled) return report({ type: 'cancelled', step: 0 });
  const time = {
    engine: engine.name,
    device: engine.device,
    seconds: seconds.sort((a, b) => a - b)[seconds.length >> 1],
    bytes: process.resourceUsage().maxRSS * 1024,
    measuredAt: Date.now(),
    ...(engine.name !== 'webgpu' && othersWereBusy() && { busy: true }),
  };
  keepStepTime(options, patch, time);
  report({ type: 'probed', engine: time.engine, device: time.device, secondsPerStep: time.seconds, bytes: time.bytes });
  report({ type: 'finished', step: 0, seconds: (performance.now() - began) / 1000 });
}
