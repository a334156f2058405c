/** What follows a training step that did not fit into memory: the same run with a smaller step, from its last checkpoint. */
import type { ErrorCode } from '../../core/errors.ts';
import { type Fit, smallerFit } from '../../core/train/fit-patch.ts';
import { formsOf, loadOf } from '../../core/train/step-bytes.ts';
import { recomputationText } from '../../shared/recomputation.ts';
import type { TrainerEvent, TrainerJob } from '../../shared/training.ts';

/** What a trainer's process told before it ended. */
export interface Seen {
  started?: Extract<TrainerEvent, { type: 'started' }>;
  /** Whole steps that this process did. */
  steps: number;
  /** Step of the last checkpoint it wrote, 0 for none. */
  checkpoint: number;
}

/** Codes of an engine that lacks memory, or that lost its device (which drivers do when memory runs out). */
const CODES: readonly ErrorCode[] = ['train/out-of-memory', 'engine/out-of-memory', 'engine/device-lost'];

/** The job to go on with, and what the user is told; null where the failure is none of memory or nothing is left to give. */
export function afterFailure(
  job: TrainerJob,
  last: TrainerEvent,
  { started, steps, checkpoint }: Seen,
): { job: TrainerJob; notice: string } | null {
  if (job.kind !== 'train' || last.type !== 'error' || !started || !lacksMemory(last, steps)) return null;
  const { labelledPerStep, unlabelledPerStep } = started;
  const fit = smallerFit(started, formsOf(loadOf({ ...job.options, labelledPerStep, unlabelledPerStep })));
  if (!fit) return null;
  const from = checkpoint || started.step;
  const cause =
    last.code === 'engine/device-lost' ? 'The graphics device was lost in a step' : 'Memory was too small for a step';
  const where = from > 0 ? `Going on from the checkpoint at step ${from}` : 'Starting again';
  return {
    job: { ...job, fit, resume: job.resume || checkpoint > 0 },
    notice: `${cause} with ${describe(started)}. ${where} with ${describe(fit)}.`,
  };
}

/**
 * The kernel ends a process that takes the last memory with SIGKILL. Memory is at its peak in the first step: a process killed
 * later was killed by someone.
 */
function lacksMemory(
  { code, message }: Pick<Extract<TrainerEvent, { type: 'error' }>, 'code' | 'message'>,
  steps: number,
): boolean {
  if (CODES.includes(code)) return true;
  if (code !== 'trainer/died') return false;
  return /out of memory|bad_alloc/i.test(message) || (steps === 0 && /SIGKILL|exit code 137/.test(message));
}

const describe = ({ patch, labelledPerStep, unlabelledPerStep, recompute }: Fit): string =>
  `patch ${patch.join('x')} and ${labelledPerStep} + ${unlabelledPerStep} patches a step${recompute ? `, ${recomputationText(recompute)}` : ''}`;
