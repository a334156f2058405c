/** Steps that are measured on each engine of this machine, so that `auto` takes the fastest. */
import type { PlannedOptions } from '../../../core/options.ts';
import { type Fit, recomputationOf } from '../../../core/train/fit-patch.ts';
import { type KnownAdapter, keepAdapter, knownAdapter } from '../../../engine/choose/known-adapter.ts';
import { roomOf } from '../../../engine/choose/room.ts';
import { availableEngines, comparedEngines, type StepTime, stepTimes } from '../../../engine/choose/step-times.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { StartTrainer } from '../../../shared/trainer.ts';

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
 * @param cores of the processes that `startTrainer` starts; default those of this one
 * @returns what is known then, fastest first
 * @throws the last engine's error where none computes
 */
export async function measureSteps(
  startTrainer: StartTrainer,
  options: PlannedOptions,
  fit: Fit,
  classes: number,
  cores?: number,
): Promise<StepTime[]> {
  const { engine: asked } = options;
  if (asked === 'auto') await lookForGpu(startTrainer);
  const wanted = asked === 'auto' ? availableEngines() : [asked];
  let failure: DecileError | undefined;
  for (const engine of wanted) {
    if (stepTimes(options, fit.patch, cores).some((time) => time.engine === engine)) continue;
    const { patch, plan } = fit;
    const recompute = recomputationOf(options, fit, roomOf({ name: engine }));
    const step = { options: { ...options, engine, plan }, patch, classes, ...(recompute && { recompute }) };
    const last = await startTrainer({ kind: 'probe', ...step }, () => {}).done;
    if (last.type !== 'error') continue;
    failure = new DecileError(last.code, last.message, last.cure);
    // A GPU that cannot do these steps is not asked again at every training.
    if (asked === 'auto' && engine === 'webgpu') keepAdapter(null);
  }
  const known = stepTimes(options, fit.patch, cores).filter(({ engine }) => wanted.includes(engine));
  if (known.length === 0 && failure) throw failure;
  return known;
}

/**
 * Sees to it that `auto` chooses by measured steps: with several engines and no comparison of them on this machine, each does a
 * step of these options first. An engine that cannot be measured does not keep training from starting.
 * @param fit patch and batch of the step, asked for where one is measured
 * @param cores of the processes that `startTrainer` starts; default those of this one
 */
export async function compareEngines(
  startTrainer: StartTrainer,
  options: PlannedOptions,
  fit: () => Fit,
  classes: number,
  say: (text: string) => void = () => {},
  cores?: number,
): Promise<void> {
  if (options.engine !== 'auto') return;
  await lookForGpu(startTrainer);
  const engines = availableEngines();
  const compared = comparedEngines(cores);
  if (engines.length < 2 || engines.every((engine) => compared.includes(engine))) return;
  say(`Measuring a training step on ${engines.join(', ')} (once for this machine) ...`);
  const times = await measureSteps(startTrainer, options, fit(), classes, cores).catch(() => []);
  for (const { engine, seconds, device } of times) say(`${engine}: ${seconds.toFixed(2)} s a step (${device}).`);
}
