/**
 * What the backends of our own kernels share: tensors by number, their references, and what TensorFlow.js asks of any backend.
 * Where values lie is each backend's own.
 */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';

export type Values = Float32Array | Int32Array | Uint8Array;

/** One tensor's values; reshaped tensors refer to the same. */
export interface Entry {
  length: number;
  dtype: tf.DataType;
  references: number;
}

export abstract class OwnBackend<E extends Entry> extends tf.KernelBackend {
  protected readonly entries: tf.DataStorage<E>;

  constructor() {
    super();
    this.entries = new tf.DataStorage(this, tf.engine());
  }

  /** Takes memory for new values, not filled. @throws DecileError for what the engine does not hold */
  protected abstract room(length: number, dtype: tf.DataType, references: number): E;
  /** Gives an entry's memory back. */
  protected abstract free(entry: E): void;
  /** Waits until everything so far is computed. */
  protected async settle(): Promise<void> {}

  /** Room for a new tensor, not filled. */
  make(shape: readonly number[], dtype: tf.DataType = 'float32'): tf.TensorInfo {
    return this.placed(this.room(tf.util.sizeFromShape(shape as number[]), dtype, 1), shape);
  }

  /** A tensor of an entry that is there. */
  protected placed(entry: E, shape: readonly number[]): tf.TensorInfo {
    const dataId = { id: nextId++ };
    this.entries.set(dataId, entry);
    return { dataId, shape: [...shape], dtype: entry.dtype };
  }

  /** The same values under another shape. */
  share(info: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
  }

  /** Frees tensors that an op made on the way. */
  drop(...infos: tf.TensorInfo[]): void {
    for (const info of infos) this.disposeData(info.dataId);
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = { id: nextId++ };
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.entries.has(dataId)) return true;
    const entry = this.entries.get(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.free(entry);
    this.entries.delete(dataId);
    return true;
  }

  override refCount(dataId: tf.DataId): number {
    return this.entries.has(dataId) ? this.entries.get(dataId).references : 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.entries.get(dataId).references++;
  }

  override numDataIds(): number {
    return this.entries.numDataIds();
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    run();
    await this.settle();
    return { kernelMs: performance.now() - start };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }
}

let nextId = 0;

export const unsupportedType = (engine: string, dtype: tf.DataType): DecileError =>
  new DecileError(
    'engine/unsupported',
    `A tensor of the ${engine} engine must be float32, int32 or bool, got ${dtype}.`,
    '',
  );
