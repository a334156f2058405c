/**
 * What carries commands out: the GPU of this process, or of a window at the other end of a port. Buffers go by number;
 * commands are done in the order they came in; failures are reported later.
 */
import type { DecileError } from '../../core/errors.ts';
import type { AdapterFacts } from './adapter.ts';
import type { Program } from './program.ts';

/** Dispatches that are handed over together. */
export interface Batch {
  /** Programs that appear for the first time; they are numbered in the order of their appearance. */
  programs: Program[];
  /** For each dispatch: number of the program, groups, then its buffers, as many as the program reads and writes. */
  calls: number[];
  /** `PARAMETER_BYTES` of parameters for each dispatch. */
  words: Uint32Array;
}

export type FaultListener = (fault: DecileError, batch?: number) => void;

export interface Executor {
  readonly facts: AdapterFacts;
  make(id: number, bytes: number): void;
  /** As `make`, of what can be done without: false, and nothing else, where the device refuses. Its bytes are 0. */
  tryMake(id: number, bytes: number): Promise<boolean>;
  free(id: number): void;
  /** From the start of the buffer. */
  write(id: number, values: Uint32Array | Float32Array | Int32Array): void;
  run(batch: Batch): void;
  /** @throws DecileError the first failure of any command since the read before; for good where the device is lost or full */
  read(id: number, bytes: number, offset?: number): Promise<ArrayBuffer>;
  /**
   * Called with the first failure of each batch and that batch's number, which counts the calls of `run`; without a number
   * for what ends the device for good.
   */
  onFault(listener: FaultListener): void;
  stop(): void;
}
