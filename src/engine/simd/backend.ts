/** A TensorFlow.js backend whose tensors lie in the kernels' shared memory. Its ops are in ops/; a missing op is an error that names it. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';
import type { Machine } from './machine.ts';

export type Values = Float32Array | Int32Array | Uint8Array;

interface Entry {
  at: number;
  length: number;
  dtype: tf.DataType;
  references: number;
}

/** Bytes of one element; throws for what this engine does not hold. */
export function elementBytes(dtype: tf.DataType): number {
  switch (dtype) {
    case 'float32':
    case 'int32':
      return 4;
    case 'bool':
      return 1;
    default:
      throw new DecileError(
        'engine/unsupported',
        `A tensor of the simd engine must be float32, int32 or bool, got ${dtype}.`,
        '',
      );
  }
}

export class SimdBackend extends tf.KernelBackend {
  readonly machine: Machine;
  private readonly entries: tf.DataStorage<Entry>;

  constructor(machine: Machine) {
    super();
    this.machine = machine;
    this.entries = new tf.DataStorage(this, tf.engine());
  }

  /** Room for a new tensor, not filled. */
  make(shape: readonly number[], dtype: tf.DataType = 'float32'): tf.TensorInfo {
    const dataId = { id: nextId++ };
    this.put(dataId, tf.util.sizeFromShape(shape as number[]), dtype, 1);
    return { dataId, shape: [...shape], dtype };
  }

  /** The same values under another shape. */
  share(info: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
  }

  address(info: tf.TensorInfo): number {
    return this.entries.get(info.dataId).at;
  }

  /** The tensor's own memory; it must not outlive the tensor. */
  view(info: { dataId: tf.DataId }): Values {
    const { at, length, dtype } = this.entries.get(info.dataId);
    const { buffer } = this.machine.heap.memory;
    switch (dtype) {
      case 'float32':
        return new Float32Array(buffer, at, length);
      case 'int32':
        return new Int32Array(buffer, at, length);
      default:
        return new Uint8Array(buffer, at, length);
    }
  }

  /** Frees a tensor that an op made on the way. */
  drop(info: tf.TensorInfo): void {
    this.disposeData(info.dataId);
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = { id: nextId++ };
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.put(dataId, tf.util.sizeFromShape(shape), dtype, references);
    if (values !== null) this.view({ dataId }).set(values as Values);
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    return this.view({ dataId }).slice() as tf.BackendValues;
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.entries.has(dataId)) return true;
    const entry = this.entries.get(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.machine.heap.release(entry.at);
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

  override memory(): { unreliable: boolean; numBytesInUse: number } {
    return { unreliable: false, numBytesInUse: this.machine.heap.used };
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    run();
    return { kernelMs: performance.now() - start };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    this.machine.stop();
  }

  private put(dataId: tf.DataId, length: number, dtype: tf.DataType, references: number): void {
    const at = this.machine.heap.allocate(length * elementBytes(dtype));
    this.entries.set(dataId, { at, length, dtype, references });
  }
}

let nextId = 0;
