/**
 * The simd engine in a browser. The page must be cross-origin isolated (COOP same-origin, COEP require-corp), else there is no
 * shared memory. Best in a worker: on a page's main thread it computes too, but cannot sleep while it waits.
 */
import { DecileError } from '../../core/errors.ts';
import { createMachine, HELPER, type Machine } from './machine.ts';
import { registerWith } from './register.ts';

export { simdKernels } from './kernels.ts';

const PROGRAM = `${HELPER}\nonmessage = ({ data }) => { postMessage('ready'); serve(data); };`;

/** @throws DecileError `engine/unsupported` on a page without shared memory */
async function startMachine(threads = navigator.hardwareConcurrency, plain = false): Promise<Machine> {
  if (!globalThis.crossOriginIsolated) {
    throw new DecileError(
      'engine/unsupported',
      'A page with the simd engine must be cross-origin isolated, got one that is not.',
      'Serve it with Cross-Origin-Opener-Policy same-origin and Cross-Origin-Embedder-Policy require-corp.',
    );
  }
  const address = URL.createObjectURL(new Blob([PROGRAM], { type: 'text/javascript' }));
  const ready: Promise<void>[] = [];
  const machine = createMachine({
    threads,
    plain,
    maySleep: typeof document === 'undefined',
    startHelper(setup) {
      const worker = new Worker(address);
      ready.push(
        new Promise((resolve, reject) => {
          worker.onmessage = () => resolve();
          worker.onerror = (event) => reject(new Error(event.message));
        }),
      );
      worker.postMessage(setup);
      return { stop: () => worker.terminate() };
    },
  });
  // A browser starts workers only while this thread is idle; a kernel would wait for them forever.
  await Promise.all(ready);
  URL.revokeObjectURL(address);
  return machine;
}

/** Registers the backend `simd`; `tf.setBackend('simd')` then starts it. */
export const registerSimd = (threads?: number): void => registerWith(() => startMachine(threads));
