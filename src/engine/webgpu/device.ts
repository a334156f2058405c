/**
 * The GPU at work: records dispatches into batches, hands them over, reads results back. WebGPU reports errors later and
 * elsewhere (an invalid dispatch is skipped and looks fast), so every batch runs inside error scopes, and whoever reads
 * a value first hears of what failed before it.
 */
import { DecileError } from '../../core/errors.ts';
import type { AdapterFacts } from './adapter.ts';
import { Pool, type Slot } from './pool.ts';
import { PARAMETER_BYTES, type Program } from './program.ts';

/** Dispatches of a batch. */
const BATCH = 128;
const SCOPES = ['validation', 'internal', 'out-of-memory'] as const;
/** Groups along one dimension of a dispatch, WebGPU's guaranteed limit. */
const GROUPS_PER_ROW = 65535;
/** After a failed read, the loss of the device is heard of within this time. */
const LOST_MS = 200;

export class Gpu {
  readonly facts: AdapterFacts;
  readonly pool: Pool;
  readonly device: GPUDevice;
  /** Number of the batch that is being recorded. */
  batch = 0;
  /** Dispatches so far, and shaders compiled. */
  dispatches = 0;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private open = false;
  private recorded = 0;
  private readonly words = new Uint32Array((BATCH * PARAMETER_BYTES) / 4);
  private readonly uniforms: GPUBuffer;
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly pipelines = new Map<string, { pipeline: GPUComputePipeline; layout: GPUBindGroupLayout }>();
  private readonly pending = new Set<Promise<void>>();
  private fault: DecileError | undefined;
  private ended = false;

  constructor(device: GPUDevice, facts: AdapterFacts) {
    this.device = device;
    this.facts = facts;
    const gpu = this;
    this.pool = new Pool({
      create: (bytes) => gpu.createBuffer(bytes),
      flush: () => gpu.flush(),
      get batch() {
        return gpu.batch;
      },
    });
    this.uniforms = device.createBuffer({
      size: BATCH * PARAMETER_BYTES,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    device.lost.then(({ message }) => {
      if (!this.ended) this.fail(lost(message));
    });
    device.addEventListener('uncapturederror', (event) => {
      this.fail(broken((event as GPUUncapturedErrorEvent).error.message));
    });
  }

  /** Records one dispatch. `words` are the program's parameters. */
  run(program: Program, reads: Slot[], writes: Slot[], words: readonly number[], groups: number): void {
    if (this.fault) throw this.fault;
    if (groups === 0) return;
    this.begin();
    const { pipeline, layout } = this.pipelineOf(program);
    const at = this.recorded * PARAMETER_BYTES;
    this.words.set(words, at / 4);
    const pass = this.passNow();
    const entries: GPUBindGroupEntry[] = [
      { binding: 0, resource: { buffer: this.uniforms, offset: 0, size: PARAMETER_BYTES } },
    ];
    for (const slot of [...reads, ...writes]) {
      slot.batch = this.batch;
      entries.push({ binding: entries.length, resource: { buffer: slot.buffer } });
    }
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.device.createBindGroup({ layout, entries }), [at]);
    if (groups <= GROUPS_PER_ROW) pass.dispatchWorkgroups(groups);
    else pass.dispatchWorkgroups(GROUPS_PER_ROW, Math.ceil(groups / GROUPS_PER_ROW));
    this.dispatches++;
    if (++this.recorded === BATCH) this.flush();
  }

  /** Bytes of the processor into a slot that no recorded command uses. */
  upload(slot: Slot, values: Uint32Array | Float32Array | Int32Array): void {
    this.begin();
    slot.batch = -1;
    this.device.queue.writeBuffer(slot.buffer, 0, values as Float32Array<ArrayBuffer>);
  }

  /** @throws DecileError what any command so far failed with */
  async download(slot: Slot, bytes: number): Promise<ArrayBuffer> {
    if (this.fault) throw this.fault;
    this.begin();
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const staging = this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.endPass();
    this.encoderNow().copyBufferToBuffer(slot.buffer, 0, staging, 0, size);
    this.flush();
    let copy: ArrayBuffer;
    try {
      await staging.mapAsync(GPUMapMode.READ);
      copy = staging.getMappedRange().slice(0, bytes);
      staging.destroy();
    } catch (error) {
      // A lost device says so in a promise of its own.
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, LOST_MS))]);
      await this.settle();
      throw broken((error as Error).message);
    }
    await this.settle();
    return copy;
  }

  /** Hands the recorded commands over. */
  flush(): void {
    if (!this.open) return;
    this.endPass();
    if (this.recorded > 0)
      this.device.queue.writeBuffer(this.uniforms, 0, this.words, 0, (this.recorded * PARAMETER_BYTES) / 4);
    if (this.encoder) this.device.queue.submit([this.encoder.finish()]);
    this.encoder = undefined;
    this.recorded = 0;
    this.batch++;
    this.open = false;
    for (const _ of SCOPES) this.popScope((message) => message);
  }

  /** Waits for the reports of everything handed over. @throws the first failure */
  async settle(): Promise<void> {
    this.flush();
    while (this.pending.size > 0) await Promise.all(this.pending);
    if (this.fault) throw this.fault;
  }

  /** @throws DecileError `engine/out-of-memory` for what this GPU cannot hold in one piece */
  checkSize(bytes: number): void {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.facts.limits;
    const [limit, most] =
      maxBufferSize < maxStorageBufferBindingSize
        ? ['maxBufferSize', maxBufferSize]
        : ['maxStorageBufferBindingSize', maxStorageBufferBindingSize];
    if (bytes <= (most as number)) return;
    throw new DecileError(
      'engine/out-of-memory',
      `A tensor on ${this.facts.name} must be at most ${most} bytes (${limit}), got ${bytes}.`,
      'Use a smaller --patch or --width.',
    );
  }

  /** Ends the device; what is still read from it fails. */
  destroy(): void {
    this.ended = true;
    this.device.destroy();
  }

  private createBuffer(size: number): GPUBuffer {
    if (this.fault) throw this.fault;
    this.begin();
    return this.device.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
  }

  /** Everything between here and `flush` is inside the error scopes. */
  private begin(): void {
    if (this.open) return;
    this.open = true;
    for (const scope of SCOPES) this.device.pushErrorScope(scope);
  }

  private popScope(say: (message: string) => string): void {
    const report = this.device.popErrorScope().then(
      (error) => {
        if (!error) return;
        const message = say(error.message);
        this.fail(error instanceof GPUOutOfMemoryError ? outOfMemory(message, this.pool) : broken(message));
      },
      (error: Error) => this.fail(lost(error.message)),
    );
    this.pending.add(report);
    report.finally(() => this.pending.delete(report));
  }

  private fail(error: DecileError): void {
    // The loss of the device explains whatever failed before it was known.
    if (!this.fault || (error.code === 'engine/device-lost' && this.fault.code === 'engine/broken')) this.fault = error;
  }

  private encoderNow(): GPUCommandEncoder {
    this.encoder ??= this.device.createCommandEncoder();
    return this.encoder;
  }

  private passNow(): GPUComputePassEncoder {
    this.pass ??= this.encoderNow().beginComputePass();
    return this.pass;
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = undefined;
  }

  private pipelineOf(program: Program): { pipeline: GPUComputePipeline; layout: GPUBindGroupLayout } {
    let found = this.pipelines.get(program.key);
    if (!found) {
      const layout = this.layoutOf(program.reads, program.writes);
      this.device.pushErrorScope('validation');
      const module = this.device.createShaderModule({ label: program.key, code: program.source });
      const pipeline = this.device.createComputePipeline({
        label: program.key,
        layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      });
      this.popScope((message) => `shader ${program.key}: ${message}`);
      found = { pipeline, layout };
      this.pipelines.set(program.key, found);
    }
    return found;
  }

  private layoutOf(reads: number, writes: number): GPUBindGroupLayout {
    const key = `${reads}/${writes}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const entries: GPUBindGroupLayoutEntry[] = [
        {
          binding: 0,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: PARAMETER_BYTES },
        },
      ];
      for (let i = 0; i < reads + writes; i++) {
        const type = i < reads ? 'read-only-storage' : 'storage';
        entries.push({ binding: 1 + i, visibility: GPUShaderStage.COMPUTE, buffer: { type } });
      }
      layout = this.device.createBindGroupLayout({ entries });
      this.layouts.set(key, layout);
    }
    return layout;
  }
}

const firstLine = (message: string): string => message.trim().split('\n')[0].replace(/\.$/, '');

const lost = (message: string): DecileError =>
  new DecileError(
    'engine/device-lost',
    `The GPU must stay available, got: ${firstLine(message) || 'it was lost'}.`,
    'Resume the run: it goes on from its last checkpoint.',
  );

const broken = (message: string): DecileError =>
  new DecileError(
    'engine/broken',
    `The engine webgpu must compute, got: ${firstLine(message)}.`,
    'Use --engine tensorflow or simd, and report this.',
  );

function outOfMemory(message: string, pool: Pool): DecileError {
  const held = `${Math.round(pool.total / 2 ** 20)} MiB in buffers`;
  return new DecileError(
    'engine/out-of-memory',
    `A step must fit into the GPU's memory, got ${held} and: ${firstLine(message)}.`,
    'Use a smaller --patch or --width.',
  );
}
