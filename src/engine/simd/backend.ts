/** A TensorFlow.js backend whose tensors lie in the kernels' shared memory. Its ops are in ops/; a missing op is an error that names it. */
import * as tf from '@tensorflow/tfjs';
import { type Entry, OwnBackend, unsupportedType, type Values } from '../backend/own-backend.ts';
import type { Machine } from './machine.ts';

export type { Values } from '../backend/own-backend.ts';

interface Placed extends Entry {
  /** Its address. */
  at: number;
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
      throw unsupportedType('simd', dtype);
  }
}

export class SimdBackend extends OwnBackend<Placed> {
  readonly machine: Machine;

  constructor(machine: Machine) {
    super();
    this.machine = machine;
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

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.entries.set(dataId, this.room(tf.util.sizeFromShape(shape), dtype, references));
    if (values !== null) this.view({ dataId }).set(values as Values);
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    return this.view({ dataId }).slice() as tf.BackendValues;
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override memory(): { unreliable: boolean; numBytesInUse: number } {
    return { unreliable: false, numBytesInUse: this.machine.heap.used };
  }

  override dispose(): void {
    this.machine.stop();
  }

  protected override room(length: number, dtype: tf.DataType, references: number): Placed {
    return { at: this.machine.heap.allocate(length * elementBytes(dtype)), length, dtype, references };
  }

  protected override free({ at }: Placed): void {
    this.machine.heap.release(at);
  }
}
