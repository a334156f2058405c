/** Patches made by threads while a graphics card computes: the thread that hands it its work has no time for them. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type MadePatch, makePatch, type PatchMaker, type PatchRequest } from '../../core/train/made-patch.ts';
import type { PatchSource } from '../../core/train/patches.ts';
import { usableCores } from '../../engine/machine/environment.ts';
import type { PatchAnswer, PatchJob } from './patch-thread.ts';
import type { PreparedCase } from './prepared-case.ts';
import { errorOf } from './told-error.ts';

/** More would wait for the disk, or for the card. */
const MOST = 8;
/** One hands work to the card, one is the driver's and the system's. */
const TAKEN = 2;

/** Threads that are worth starting beside an engine; 0 where the processor computes, or has no core to spare. */
export const threadsBeside = (engine: { gpu?: true }, cores = usableCores()): number =>
  engine.gpu ? Math.min(MOST, Math.max(0, cores - TAKEN)) : 0;

/** The thread's file beside this one in the sources, or beside the bundle. */
const threadPath = (): string =>
  fileURLToPath(
    import.meta.url.endsWith('.ts')
      ? new URL('./patch-thread.ts', import.meta.url)
      : new URL('./patch-thread.js', import.meta.url),
  );

interface Waiting {
  source: PatchSource;
  request: PatchRequest;
  resolve(made: MadePatch): void;
  reject(error: unknown): void;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

/** Whoever starts them closes them. */
export class PatchThreads implements PatchMaker {
  private threads: Thread[] = [];
  private readonly onLost: (reason: string) => void;
  private asked = 0;

  /** @param onLost told of a thread that ends by itself; its patches are then made here */
  constructor(onLost: (reason: string) => void = () => {}) {
    this.onLost = onLost;
  }

  /** @returns itself; undefined for no threads, where patches are made in the step */
  start(count: number, path = threadPath()): PatchThreads | undefined {
    this.threads = Array.from({ length: count }, () => this.startThread(path));
    return count > 0 ? this : undefined;
  }

  private startThread(path: string): Thread {
    const thread: Thread = { worker: new Worker(path, { execArgv: [] }), waiting: new Map() };
    thread.worker.on('message', (answer: PatchAnswer) => {
      const waiting = thread.waiting.get(answer.id);
      thread.waiting.delete(answer.id);
      if ('made' in answer) waiting?.resolve(answer.made);
      else waiting?.reject(errorOf(answer.error));
    });
    thread.worker.on('error', (error) => this.lose(thread, (error as Error).message));
    thread.worker.on('exit', (code) => this.lose(thread, `exit code ${code}`));
    return thread;
  }

  private lose(thread: Thread, reason: string): void {
    if (!this.threads.includes(thread)) return;
    this.threads = this.threads.filter((other) => other !== thread);
    this.onLost(reason);
    for (const { source, request, resolve, reject } of thread.waiting.values()) {
      try {
        resolve(makePatch(source, request));
      } catch (error) {
        reject(error);
      }
    }
  }

  make(source: PatchSource, request: PatchRequest): Promise<MadePatch> | null {
    const { stored } = source as Partial<PreparedCase>;
    if (!stored || this.threads.length === 0) return null;
    const thread = this.threads.reduce((least, other) => (other.waiting.size < least.waiting.size ? other : least));
    const job: PatchJob = { id: this.asked++, stored, request };
    return new Promise((resolve, reject) => {
      thread.waiting.set(job.id, { source, request, resolve, reject });
      thread.worker.postMessage(job);
    });
  }

  /** Ends all threads; what was asked of them and has not come never does. */
  async close(): Promise<void> {
    const ended = this.threads;
    this.threads = [];
    await Promise.all(ended.map(({ worker }) => worker.terminate()));
  }
}
