/** The simd engine's threads in Node: workers of this process. */
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';
import { usableCores } from '../machine/environment.ts';
import { createMachine, HELPER, type Machine } from './machine.ts';

const PROGRAM = `${HELPER}\nserve(require('node:worker_threads').workerData);`;

/** @param threads default DECILE_THREADS, else all cores */
export function startMachine(threads = usableCores(), plain = false): Machine {
  // Baseline code runs at half the speed and may stay in use for long; this compiles once, fully.
  v8.setFlagsFromString('--no-liftoff');
  return createMachine({
    threads,
    plain,
    maySleep: true,
    startHelper(workerData) {
      const worker = new Worker(PROGRAM, { eval: true, workerData, execArgv: [] });
      worker.unref();
      return { stop: () => void worker.terminate() };
    },
  });
}
