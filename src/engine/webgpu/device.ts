/**
 * The GPU as the backend sees it: keeps buffers for later use, and records dispatches into batches. Failures come later and
 * from elsewhere; whoever computes or reads next hears of them.
 */
import { DecileError } from '../../core/errors.ts';
import type { AdapterFacts } from './adapter.ts';
import type { Executor } from './executor.ts';
import { Pool, type Slot } from './pool.ts';
import { PARAMETER_BYTES, type Program } from './program.ts';

/** Dispatches of a batch. */
const BATCH = 128;
const WORDS = PARAMETER_BYTES / 4;

export class Gpu {
  readonly facts: AdapterFacts;
  readonly pool: Pool;
  /** Number of the batch that is being recorded. */
  batch = 0;
  /** Dispatches so far. */
  dispatches = 0;
  private readonly executor: Executor;
  private readonly known = new Map<string, number>();
  private programs: Program[] = [];
  private calls: number[] = [];
  private readonly words = new Uint32Array(BATCH * WORDS);
  private recorded = 0;
  private made = 0;
  private fault: DecileError | undefined;

  constructor(executor: Executor) {
    this.executor = executor;
    this.facts = executor.facts;
    executor.onFault((fault) => {
      this.fault = fault;
    });
    const gpu = this;
    this.pool = new Pool({
      make(bytes) {
        gpu.check();
        executor.make(gpu.made, bytes);
        return gpu.made++;
      },
      free: (id) => executor.free(id),
      flush: () => gpu.flush(),
      get batch() {
        return gpu.batch;
      },
    });
  }

  /** Records one dispatch. `words` are the program's parameters. */
  run(program: Program, reads: Slot[], writes: Slot[], words: readonly number[], groups: number): void {
    this.check();
    if (groups === 0) return;
    let number = this.known.get(program.key);
    if (number === undefined) {
      number = this.known.size;
      this.known.set(program.key, number);
      this.programs.push(program);
    }
    this.words.set(words, this.recorded * WORDS);
    this.calls.push(number, groups);
    for (const slot of [...reads, ...writes]) {
      slot.batch = this.batch;
      this.calls.push(slot.id);
    }
    this.dispatches++;
    if (++this.recorded === BATCH) this.flush();
  }

  /** Bytes of the processor into a slot that no recorded command uses. */
  upload(slot: Slot, values: Uint32Array | Float32Array | Int32Array): void {
    slot.batch = -1;
    this.executor.write(slot.id, values);
  }

  /** @throws DecileError what any command so far failed with */
  download(slot: Slot, bytes: number): Promise<ArrayBuffer> {
    this.check();
    this.flush();
    return this.executor.read(slot.id, bytes);
  }

  /** Hands the recorded commands over. */
  flush(): void {
    if (this.recorded === 0) return;
    const words = this.words.slice(0, this.recorded * WORDS);
    this.executor.run({ programs: this.programs, calls: this.calls, words });
    this.programs = [];
    this.calls = [];
    this.recorded = 0;
    this.batch++;
  }

  /** Waits until everything so far is done. @throws DecileError the first failure */
  async settle(): Promise<void> {
    const slot = this.pool.take(4);
    try {
      await this.download(slot, 4);
    } finally {
      this.pool.release(slot);
    }
  }

  /** @throws DecileError `engine/out-of-memory` for what this GPU cannot hold in one piece */
  checkSize(bytes: number): void {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.facts.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bytes <= most) return;
    const limit = most === maxBufferSize ? 'maxBufferSize' : 'maxStorageBufferBindingSize';
    throw new DecileError(
      'engine/out-of-memory',
      `A tensor on ${this.facts.name} must be at most ${most} bytes (${limit}), got ${bytes}.`,
      'Use a smaller --patch or --width.',
    );
  }

  /** Ends the device. */
  stop(): void {
    this.executor.stop();
  }

  private check(): void {
    if (this.fault) throw this.fault;
  }
}
