/** A TensorFlow.js backend on WebGPU. Its ops are in ops/; a missing op is an error that names it. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';
import { type Entry, OwnBackend, unsupportedType, type Values } from '../backend/own-backend.ts';
import type { Gpu, Span } from './device.ts';
import { type Halves, NO_HALVES } from './halves.ts';
import type { Slot } from './pool.ts';
import { bits, type Program } from './program.ts';

interface Placed extends Entry {
  /** On the GPU; undefined while only the processor has the values. */
  slot?: Slot;
  /** Values from the processor, until they are uploaded; short ones for good. */
  values?: Values;
  /** Where it was computed; of values from the processor none. */
  span?: Span;
  /** What was made of the values, each once: gone when they change or go. */
  derived?: Map<string, tf.TensorInfo>;
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
      throw unsupportedType('webgpu', dtype);
  }
}

/** A number as a parameter word of that type. */
export const wordOf = (type: WgslType, value: number): number => (type === 'f32' ? bits(value) : value >>> 0);

export class WebgpuBackend extends OwnBackend<Placed> {
  readonly gpu: Gpu;
  /** Convolutions that the chip's matrix units do; none before it was measured. */
  halves: Halves = NO_HALVES;

  constructor(gpu: Gpu) {
    super();
    this.gpu = gpu;
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
    const targets = writes.map((info) => this.entries.get(info.dataId));
    if (targets.every(({ length }) => length === 0)) return;
    const [from, to] = [reads.map((info) => this.slot(info)), writes.map((info) => this.slot(info))];
    const sources = reads.map((info) => this.entries.get(info.dataId).span);
    // An op may write a result in parts.
    for (const target of targets) {
      target.span = this.gpu.spanOf([...sources, target.span]);
      target.values = undefined;
      this.forget(target);
    }
    this.gpu.run(program, from, to, words, groups);
  }

  /** What `make` makes of a tensor's values; the backend's own, kept as long as they stay. */
  derived(info: tf.TensorInfo, name: string, make: () => tf.TensorInfo): tf.TensorInfo {
    const entry = this.entries.get(info.dataId);
    entry.derived ??= new Map();
    const made = entry.derived.get(name) ?? make();
    entry.derived.set(name, made);
    return made;
  }

  /** A tensor of zeros that can be done without; undefined where the GPU has no room, and it goes on. */
  async tryMake(shape: readonly number[]): Promise<tf.TensorInfo | undefined> {
    const length = tf.util.sizeFromShape(shape as number[]);
    const slot = await this.gpu.tryTake(4 * length);
    return slot && this.placed({ slot, length, dtype: 'float32', references: 1 }, shape);
  }

  /** Values of the processor into a tensor that is on the GPU. */
  fill(info: tf.TensorInfo, values: Float32Array): void {
    this.gpu.upload(this.slot(info), values);
  }

  /** Some of a tensor's values, one after the other. */
  async readPart(info: tf.TensorInfo, from: number, length: number): Promise<Float32Array> {
    const { span } = this.entries.get(info.dataId);
    return new Float32Array(
      await this.gpu.download(this.slot(info), 4 * length, span ?? { from: 0, to: -1 }, 4 * from),
    );
  }

  /** Whether no other tensor has these values, so that an op may write over them. */
  isAlone(info: tf.TensorInfo): boolean {
    return this.entries.get(info.dataId).references === 1;
  }

  private forget(entry: Placed): void {
    if (entry.derived) this.drop(...entry.derived.values());
    entry.derived = undefined;
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
    const { slot, values, length, dtype, span } = this.entries.get(dataId);
    if (values) return values.slice() as tf.BackendValues;
    const bytes = await this.gpu.download(slot as Slot, 4 * length, span ?? { from: 0, to: -1 });
    switch (wgslType(dtype)) {
      case 'f32':
        return new Float32Array(bytes);
      case 'i32':
        return new Int32Array(bytes);
      case 'u32':
        return Uint8Array.from(new Uint32Array(bytes)) as tf.BackendValues;
    }
  }

  override memory(): { unreliable: boolean; numBytesInUse: number } {
    return { unreliable: false, numBytesInUse: this.gpu.pool.used };
  }

  override dispose(): void {
    this.gpu.stop();
  }

  protected override room(length: number, dtype: tf.DataType, references: number): Placed {
    wgslType(dtype);
    this.gpu.checkSize(4 * length);
    return { slot: this.gpu.pool.take(4 * length), length, dtype, references };
  }

  protected override free(entry: Placed): void {
    this.forget(entry);
    if (entry.slot) this.gpu.pool.release(entry.slot);
  }

  protected override settle(): Promise<void> {
    return this.gpu.settle();
  }
}
