/** Starts the trainer as Electron's utility process: a packaged program has no other Node to run (its fuses forbid it). */
import { join } from 'node:path';
import { utilityProcess } from 'electron';
import { hostEnvironment } from '../../engine/machine/environment.ts';
import type { StartHost } from '../../shared/trainer.ts';
import type { TrainerCommand, TrainerEvent } from '../../shared/training.ts';
import { GPU_REQUEST } from './gpu-request.ts';
import { lendGpu } from './gpu-window.ts';

export const electronHost: StartHost = (threads) => {
  const child = utilityProcess.fork(join(import.meta.dirname, 'trainer-utility.js'), [], {
    env: hostEnvironment(threads),
    stdio: ['ignore', 'ignore', 'pipe'],
    serviceName: 'Decile trainer',
  });
  let closeGpu = () => {};
  child.on('message', (message: { type: string }) => {
    if (message.type !== GPU_REQUEST) return;
    const { port, close } = lendGpu();
    closeGpu = close;
    child.postMessage({ type: GPU_REQUEST }, [port]);
  });
  child.once('exit', () => closeGpu());
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  // What is posted before the process runs would be lost.
  const waiting: TrainerCommand[] = [];
  let state: 'starting' | 'running' | 'gone' = 'starting';
  child.once('exit', () => {
    state = 'gone';
  });
  child.once('spawn', () => {
    state = 'running';
    for (const command of waiting) child.postMessage(command);
  });
  return {
    send(command) {
      if (state === 'running') child.postMessage(command);
      else if (state === 'starting') waiting.push(command);
    },
    onEvent: (listener) =>
      void child.on('message', (message: TrainerEvent | { type: typeof GPU_REQUEST }) => {
        if (message.type !== GPU_REQUEST) listener(message);
      }),
    onExit: (listener) =>
      void child.once('exit', (code) =>
        listener(
          code === 0 ? '' : `exit code ${code}${errors ? `: ${errors.trim().split('\n').slice(-3).join(' | ')}` : ''}`,
        ),
      ),
  };
};
