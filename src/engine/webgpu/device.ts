/**
 * The GPU as the backend sees it: keeps buffers for later use, and records dispatches into batches. Failures come later and
 * from elsewhere; whoever computes or reads next hears of them.
 */
import { DecileError } from '../../core/errors.ts';
import type { AdapterFacts } from './adapter.ts';
import type { Executor } from './executor.ts';
import { Pool, type Slot } from './pool.ts';
import { PARAMETER_BYTES, type Program } from './program.ts';

/** The batches that a value was computed in, itself and what it was computed from, as far as these may still fail. */
export interface Span {
  from: number;
  to: number;
}

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
  /** What ended the device. */
  private fault: DecileError | undefined;
  private readonly failed = new Map<number, DecileError>();
  /** Batches before this one are known to have worked, or to have failed. */
  private confirmed = 0;

  constructor(executor: Executor) {
    this.executor = executor;
    this.facts = executor.facts;
    executor.onFault((fault, batch) => {
      if (batch === undefined) this.fault = fault;
      else if (!this.failed.has(batch)) this.failed.set(batch, fault);
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

  /** Room of zeros for what can be done without; undefined where the GPU has none, and it goes on. */
  async tryTake(bytes: number): Promise<Slot | undefined> {
    this.check();
    if (bytes > this.mostBytes) return undefined;
    const id = this.made++;
    return (await this.executor.tryMake(id, bytes)) ? this.pool.adopt(id, bytes) : undefined;
  }

  /** Records one dispatch. `words` are the program's parameters. */
  run(program: Program, reads: Slot[], writes: Slot[], words: readonly number[], groups: number): void {
    this.check();
    if (groups === 0) return;
    if (!Number.isSafeInteger(groups) || groups < 0)
      throw new DecileError(
        'engine/broken',
        `The groups of ${program.key} must be a whole number, got ${groups}.`,
        'Use --engine tensorflow or simd, and report this.',
      );
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

  /** The span of what is computed now from values of these spans. */
  spanOf(inputs: readonly (Span | undefined)[]): Span {
    const unsure = inputs.filter((span) => span !== undefined && (span.to >= this.confirmed || this.faultIn(span)));
    return { from: Math.min(this.batch, ...unsure.map((span) => (span as Span).from)), to: this.batch };
  }

  /** @throws DecileError what ended the device, or what the value's own batches failed with */
  async download(slot: Slot, bytes: number, span: Span, offset = 0): Promise<ArrayBuffer> {
    this.check();
    this.flush();
    const flushed = this.batch;
    const known = this.failed.size;
    const read = async () => {
      const values = await this.executor.read(slot.id, bytes, offset);
      const fault = this.faultIn(span);
      if (fault) throw fault;
      this.confirmed = Math.max(this.confirmed, flushed);
      return values;
    };
    try {
      return await read();
    } catch (error) {
      // A batch that this value has nothing to do with is told of once, and forgotten.
      if (this.fault || this.faultIn(span) || this.failed.size === known)
        throw this.fault ?? this.faultIn(span) ?? error;
      return read();
    }
  }

  /** Hands the recorded commands over. */
  flush(): void {
    if (this.recorded === 0) return;
    const words = this.words.slice(0, this.recorded * WORDS);
    const { programs, calls } = this;
    this.programs = [];
    this.calls = [];
    this.recorded = 0;
    this.batch++;
    this.executor.run({ programs, calls, words });
  }

  /** Waits until everything so far is done. @throws DecileError the first failure since the last time that all was known */
  async settle(): Promise<void> {
    const slot = this.pool.take(4);
    const from = this.confirmed;
    try {
      await this.download(slot, 4, { from, to: this.batch });
    } finally {
      this.pool.release(slot);
    }
  }

  private faultIn({ from, to }: Span): DecileError | undefined {
    for (const [batch, fault] of this.failed) if (batch >= from && batch <= to) return fault;
    return undefined;
  }

  /** Of one tensor. */
  get mostBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.facts.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** @throws DecileError `engine/out-of-memory` for what this GPU cannot hold in one piece */
  checkSize(bytes: number): void {
    const most = this.mostBytes;
    if (bytes <= most) return;
    const limit = most === this.facts.limits.maxBufferSize ? 'maxBufferSize' : 'maxStorageBufferBindingSize';
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
