/** The threads of the simd engine: every kernel call runs on all of them, which share its tasks through a counter. */
import { DecileError } from '../../core/errors.ts';
import { Heap } from './heap.ts';
import { PLAIN, RELAXED } from './wasm.generated.ts';

/**
 * Control words at the start of the memory (assembly/common.as reads them). JOB is odd while a job takes helpers in, and
 * grows by one as it opens and closes; ACTIVE counts the helpers inside. A helper that comes too late, because the system
 * runs something else on its core, is not waited for: the others have done its tasks.
 */
const JOB = 0;
const ACTIVE = 1;
const TASK = 2;
const KERNEL = 3;
const TRAPPED = 4;
const ARGUMENTS = 16;
const CONTROL_BYTES = 1024;
const HEAP_START = 4096;

/** wasm32 ends at 4 GiB. */
const MAXIMUM_PAGES = 65536;
const SPINS = 20_000;
/** Below this, waking the other threads costs more than they save. */
const LITTLE_WORK = 100_000;
/** No single kernel takes this long; a thread that died would be waited for forever. */
const GIVE_UP_MS = 300_000;

export interface Machine {
  heap: Heap;
  threads: number;
  relaxed: boolean;
  /** Runs a kernel of assembly/index.as on all threads and returns when it is done. */
  run(kernel: string, ...args: number[]): void;
  /** `run` for much work; for little (in multiplications or so) a run on this thread alone, which wakes no other. */
  runFor(work: number): Machine['run'];
  floats(at: number, length: number): Float32Array;
  stop(): void;
}

/** What a helper thread is given; it then calls `serve` of HELPER with it. */
export interface HelperSetup {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Kernels by number. */
  names: string[];
  index: number;
}

/** Where the machine runs. */
export interface Host {
  threads: number;
  /** Plain SIMD even where there is relaxed SIMD. */
  plain?: boolean;
  /** Whether this thread may sleep; the main thread of a page may not. */
  maySleep: boolean;
  startHelper(setup: HelperSetup): { stop(): void };
}

/** A helper's program, as text so that it needs no file of its own in a bundle. */
export const HELPER = `
function serve({ module, memory, names, index }) {
  const control = new Int32Array(memory.buffer, 0, ${CONTROL_BYTES / 4});
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
  for (let seen = 0; ; ) {
    let job = Atomics.load(control, ${JOB});
    for (let spins = 0; job === seen || (job & 1) === 0; job = Atomics.load(control, ${JOB})) {
      if (++spins > ${SPINS}) Atomics.wait(control, ${JOB}, job);
    }
    Atomics.add(control, ${ACTIVE}, 1);
    if (Atomics.load(control, ${JOB}) === job) {
      seen = job;
      try {
        kernels[names[control[${KERNEL}]]](index);
      } catch {
        Atomics.store(control, ${TRAPPED}, 1);
      }
    }
    if (Atomics.sub(control, ${ACTIVE}, 1) === 1) Atomics.notify(control, ${ACTIVE});
  }
}`;

export function createMachine(host: Host): Machine {
  const relaxed = !host.plain && WebAssembly.validate(decode(RELAXED));
  const module = new WebAssembly.Module(decode(relaxed ? RELAXED : PLAIN));
  const memory = new WebAssembly.Memory({ initial: 256, maximum: MAXIMUM_PAGES, shared: true });
  const control = new Int32Array(memory.buffer, 0, CONTROL_BYTES / 4);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = instance.exports as Record<string, (thread: number) => void>;
  const names = Object.keys(kernels).filter((name) => typeof kernels[name] === 'function');
  const ids = new Map(names.map((name, id) => [name, id]));
  const workers = host.threads - 1;
  const helpers = Array.from({ length: workers }, (_, index) => host.startHelper({ module, memory, names, index }));

  const start = (wake: boolean, kernel: string, args: number[]) => {
    const id = ids.get(kernel);
    if (id === undefined) throw new Error(`A kernel must be one of ${names.join(', ')}, got ${kernel}.`);
    for (let i = 0; i < args.length; i++) control[ARGUMENTS + i] = args[i];
    control[TASK] = 0;
    if (!wake || workers === 0) {
      kernels[kernel](workers);
      return;
    }
    control[KERNEL] = id;
    Atomics.add(control, JOB, 1);
    Atomics.notify(control, JOB);
    kernels[kernel](workers);
    Atomics.add(control, JOB, 1);
    waitForHelpers(control, host.maySleep);
  };
  const run: Machine['run'] = (kernel, ...args) => start(true, kernel, args);
  const runAlone: Machine['run'] = (kernel, ...args) => start(false, kernel, args);
  return {
    heap: new Heap(memory, HEAP_START, MAXIMUM_PAGES * 65536),
    threads: host.threads,
    relaxed,
    run,
    runFor: (work) => (work < LITTLE_WORK ? runAlone : run),
    floats: (at, length) => new Float32Array(memory.buffer, at, length),
    stop: () => {
      for (const helper of helpers) helper.stop();
    },
  };
}

/** Short jobs are waited for awake: sleeping and waking costs as much as a small kernel. */
function waitForHelpers(control: Int32Array, maySleep: boolean): void {
  for (let spins = 0; ; spins++) {
    const active = Atomics.load(control, ACTIVE);
    if (active === 0) break;
    if (maySleep && spins > SPINS && Atomics.wait(control, ACTIVE, active, GIVE_UP_MS) === 'timed-out') {
      throw new DecileError(
        'engine/broken',
        'Every thread of the simd engine must answer, got silence.',
        'Resume the run.',
      );
    }
  }
  if (control[TRAPPED] !== 0) {
    throw new DecileError(
      'engine/broken',
      'A kernel of the simd engine must stay inside its memory, got a trap.',
      'Resume the run.',
    );
  }
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
