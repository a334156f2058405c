/** What a trainer says, as a job of the window. */
import type { JobInfo } from '../shared/contract/index.ts';
import type { LeftOut } from '../shared/left-out.ts';
import type { TrainerEvent } from '../shared/training.ts';
import type { JobHandle } from './jobs.ts';

/** A scan that was left out, in the list of what a job refused. */
export const failureOf = ({ name, code, message, cure }: LeftOut): JobInfo['failures'][number] => ({
  ...{ path: name, code, message, cure },
});

export function showTraining(job: JobHandle, event: TrainerEvent): void {
  switch (event.type) {
    case 'preparing':
      job.update({ detail: `preparing scan ${event.done} of ${event.total}` });
      break;
    case 'step':
      job.update({
        done: event.step,
        total: event.steps,
        detail: `step ${event.step} of ${event.steps}`,
        secondsLeft: event.secondsLeft,
      });
      break;
    case 'calibrating':
      job.update({
        done: (event.fold - 1) * event.steps + event.step,
        total: event.folds * event.steps,
        detail: `calibrating expected Dice, fold ${event.fold} of ${event.folds}`,
        secondsLeft: event.secondsLeft,
      });
      break;
    case 'paused':
      job.update({ status: 'paused', detail: `paused at step ${event.step}`, secondsLeft: undefined });
      break;
    case 'resumed':
      job.update({ status: 'running', detail: `step ${event.step}` });
      break;
    case 'notice':
      job.notice(event.message);
      break;
    case 'left-out':
      job.fail([failureOf(event)]);
      break;
    default:
      break;
  }
}
