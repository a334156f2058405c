/** A TensorFlow.js backend on WebGPU. Its ops are in ops/; a missing op is an error that names it. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';
import type { Gpu } from './device.ts';
import type { Slot } from './pool.ts';
import { bits, type Program } from './program.ts';

type Values = Float32Array | Int32Array | Uint8Array;

interface Entry {
  /** On the GPU; undefined while only the processor has the values. */
  slot?: Slot;
  /** Values from the processor, until they are uploaded; short ones for good. */
  values?: Values;
  length: number;
  dtype: tf.DataType;
  references: number;
}

/** Values of this length stay known to the processor: scalars of losses and the like go into parameters. */
const KNOWN = 16;

/** How a type is called in WGSL. Every element has four bytes, booleans too. */
export type WgslType = 'f32' | 'i32' | 'u32';

export function wgslType(dtype: tf.DataType): WgslType {
  switch (dtype) {
    case 'float32':
      return 'f32';
    case 'int32':
      return 'i32';
    case 'bool':
      return 'u32';
    default:
      throw new DecileError(
        'engine/unsupported',
        `A tensor of the webgpu engine must be float32, int32 or bool, got ${dtype}.`,
        '',
      );
  }
}

/** A number as a parameter word of that type. */
export const wordOf = (type: WgslType, value: number): number => (type === 'f32' ? bits(value) : value >>> 0);

export class WebgpuBackend extends tf.KernelBackend {
  readonly gpu: Gpu;
  private readonly entries: tf.DataStorage<Entry>;

  constructor(gpu: Gpu) {
    super();
    this.gpu = gpu;
    this.entries = new tf.DataStorage(this, tf.engine());
  }

  /** Room for a new tensor, not filled. */
  make(shape: readonly number[], dtype: tf.DataType = 'float32'): tf.TensorInfo {
    const dataId = { id: nextId++ };
    const length = tf.util.sizeFromShape(shape as number[]);
    wgslType(dtype);
    this.gpu.checkSize(4 * length);
    this.entries.set(dataId, { slot: this.gpu.pool.take(4 * length), length, dtype, references: 1 });
    return { dataId, shape: [...shape], dtype };
  }

  /** The same values under another shape. */
  share(info: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
  }

  /** Where a tensor lies on the GPU; uploads what only the processor had. */
  slot(info: { dataId: tf.DataId }): Slot {
    const entry = this.entries.get(info.dataId);
    if (!entry.slot) {
      const values = entry.values as Values;
      entry.slot = this.gpu.pool.takeForUpload(4 * entry.length);
      if (entry.length > 0)
        this.gpu.upload(entry.slot, values instanceof Uint8Array ? Uint32Array.from(values) : values);
      if (entry.length > KNOWN) entry.values = undefined;
    }
    return entry.slot;
  }

  /** A tensor of one element, if the processor knows it. */
  known(info: tf.TensorInfo): number | undefined {
    const { values, length } = this.entries.get(info.dataId);
    return length === 1 && values ? values[0] : undefined;
  }

  /** Runs a program on tensors. */
  run(
    program: Program,
    reads: tf.TensorInfo[],
    writes: tf.TensorInfo[],
    words: readonly number[],
    groups: number,
  ): void {
    const [from, to] = [reads.map((info) => this.slot(info)), writes.map((info) => this.slot(info))];
    this.gpu.run(program, from, to, words, groups);
  }

  /** Frees a tensor that an op made on the way. */
  drop(...infos: tf.TensorInfo[]): void {
    for (const info of infos) this.disposeData(info.dataId);
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
    wgslType(dtype);
    const length = tf.util.sizeFromShape(shape);
    this.gpu.checkSize(4 * length);
    this.entries.set(dataId, { values: values as Values, length, dtype, references });
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const { values } = this.entries.get(dataId);
    if (values) return values.slice() as tf.BackendValues;
    throw new DecileError(
      'engine/unsupported',
      'Values on the GPU must be read with data(), got dataSync(): WebGPU cannot wait.',
      '',
    );
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    const { slot, values, length, dtype } = this.entries.get(dataId);
    if (values) return values.slice() as tf.BackendValues;
    const bytes = await this.gpu.download(slot as Slot, 4 * length);
    switch (wgslType(dtype)) {
      case 'f32':
        return new Float32Array(bytes);
      case 'i32':
        return new Int32Array(bytes);
      case 'u32':
        return Uint8Array.from(new Uint32Array(bytes)) as tf.BackendValues;
    }
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.entries.has(dataId)) return true;
    const entry = this.entries.get(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    if (entry.slot) this.gpu.pool.release(entry.slot);
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
    return { unreliable: false, numBytesInUse: this.gpu.pool.used };
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    run();
    await this.gpu.settle();
    return { kernelMs: performance.now() - start };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    this.gpu.stop();
  }
}

let nextId = 0;
