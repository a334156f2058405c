/** The trainer's process: hears commands, runs one job, reports events, ends. */
import { DecileError } from '../../shared/errors.ts';
import type { TrainerCommand, TrainerEvent, TrainerJob } from '../../shared/training.ts';
import type { Control, TrainerFiles } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { runPredict } from './run-predict.ts';
import { runProbe } from './run-probe.ts';
import { runTrain } from './run-train.ts';

/** A two-way line to whoever started the process. */
export interface Line {
  send(event: TrainerEvent): void;
  onCommand(listener: (command: TrainerCommand) => void): void;
}

class WorkerControl implements Control {
  cancelled = false;
  paused = false;
  private wake: () => void = () => {};

  async whileParked(): Promise<void> {
    while (this.paused && !this.cancelled) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  hear(command: Extract<TrainerCommand, { type: 'pause' | 'resume' | 'cancel' }>): void {
    if (command.type === 'pause') this.paused = true;
    if (command.type === 'resume') this.paused = false;
    if (command.type === 'cancel') this.cancelled = true;
    this.wake();
  }
}

/** Serves one job; `end` is called when its last event was heard: a process that ends earlier may take it along. */
export function serveJob(line: Line, files: TrainerFiles, end: () => void): void {
  const control = new WorkerControl();
  let heard = () => {};
  const lastHeard = new Promise<void>((resolve) => {
    heard = resolve;
  });
  line.onCommand(async (command) => {
    if (command.type === 'end') return heard();
    if (command.type !== 'start') return control.hear(command);
    await runJob(command.job, line.send, control, files);
    await lastHeard;
    end();
  });
}

async function runJob(
  job: TrainerJob,
  report: (event: TrainerEvent) => void,
  control: Control,
  files: TrainerFiles,
): Promise<void> {
  try {
    if (job.kind === 'train') await runTrain(job, report, control, files);
    else if (job.kind === 'predict') await runPredict(job, report, control, files);
    else if (job.kind === 'probe') await runProbe(job, report, control);
    else await runAdapter(report);
  } catch (error) {
    report(asEvent(error));
  }
}

function asEvent(error: unknown): TrainerEvent {
  if (error instanceof DecileError)
    return { type: 'error', code: error.code, message: error.message, cure: error.cure };
  const message = (error as Error)?.message ?? String(error);
  if (/out of memory|OOM|allocation failed|Cannot allocate/i.test(message)) {
    return {
      type: 'error',
      code: 'train/out-of-memory',
      message: `A step must fit into memory, got: ${message.split('\n')[0]}.`,
      cure: 'Close other programs and resume the run, or train anew with a smaller --patch or --width.',
    };
  }
  return {
    type: 'error',
    code: 'trainer/failed',
    message: `The trainer must not fail, got: ${(error as Error)?.stack ?? message}`,
    cure: 'Resume the run; report this if it happens again.',
  };
}
