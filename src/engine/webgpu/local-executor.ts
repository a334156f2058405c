/**
 * Carries commands out on a GPU of this process. WebGPU reports errors later and elsewhere (an invalid dispatch is skipped and
 * looks fast), so everything runs inside error scopes, and a read waits for what they report.
 */
import { DecileError } from '../../core/errors.ts';
import { type AdapterFacts, describeAdapter, findAdapter, requestDevice } from './adapter.ts';
import type { Batch, Executor, FaultListener } from './executor.ts';
import { KernelClock, type KernelTime } from './kernel-clock.ts';
import { Patience } from './patience.ts';
import { PARAMETER_BYTES, type Program } from './program.ts';

const SCOPES = ['validation', 'internal', 'out-of-memory'] as const;
/** Groups along one dimension of a dispatch, WebGPU's guaranteed limit. */
const GROUPS_PER_ROW = 65535;
/** After a failed read, the loss of the device is heard of within this time. */
const LOST_MS = 200;
/** Buffers in their places under a program that are kept; a step asks for as many as it has dispatches, or a few times that. */
const MOST_BINDINGS = 16_384;

/** A window's own WebGPU tells by itself when it is done; and timers of a hidden window are slow. */
const ASKS_WITHOUT_PAUSE = typeof process !== 'undefined' && process.versions?.node !== undefined;

interface Pipeline {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
  bindings: number;
}

/** @throws DecileError `engine/not-installed` without a GPU adapter */
export async function startLocalExecutor(): Promise<LocalExecutor> {
  const adapter = await findAdapter();
  return new LocalExecutor(await requestDevice(adapter), describeAdapter(adapter));
}

export class LocalExecutor implements Executor {
  readonly facts: AdapterFacts;
  readonly device: GPUDevice;
  /** Bind groups made so far; the others were there. */
  bindingsMade = 0;
  /** False to make each anew: the slow twin. */
  keepsBindings = true;
  private readonly buffers = new Map<number, GPUBuffer>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly pipelines: Pipeline[] = [];
  /** By program and buffers, which a step has in common with the one before it: making them is most of what a dispatch costs. */
  private readonly bindings = new Map<string, GPUBindGroup>();
  private readonly pending = new Set<Promise<void>>();
  private uniforms: GPUBuffer | undefined;
  private open = false;
  private bytes = 0;
  /** What ended the device for good. */
  private fault: DecileError | undefined;
  /** The failure of a batch that no read has told of. */
  private untold: DecileError | undefined;
  private runs = 0;
  /** Dispatches that were handed over, and those that are known to be done. */
  private handed = 0;
  private done = 0;
  private readonly patience = new Patience();
  private readonly names: string[] = [];
  private clock: KernelClock | undefined;
  private listener: FaultListener = () => {};
  private ended = false;

  constructor(device: GPUDevice, facts: AdapterFacts) {
    this.device = device;
    this.facts = facts;
    device.lost.then(({ message }) => {
      if (!this.ended) this.fail(lost(message));
    });
    device.addEventListener('uncapturederror', (event) => {
      this.fail(broken((event as GPUUncapturedErrorEvent).error.message));
    });
  }

  make(id: number, bytes: number): void {
    this.begin();
    this.buffers.set(id, this.created(bytes));
    this.bytes += bytes;
  }

  private created(size: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return this.device.createBuffer({ size, usage });
  }

  async tryMake(id: number, bytes: number): Promise<boolean> {
    // Scopes of its own, inside those that are open: what fails in them ends nothing.
    for (const scope of SCOPES) this.device.pushErrorScope(scope);
    let buffer: GPUBuffer | undefined;
    try {
      buffer = this.created(bytes);
    } catch {} // too large a size is thrown at once
    const reports = SCOPES.map(() => this.device.popErrorScope().then((error) => error === null));
    const worked = await Promise.all(reports).catch(() => [false]);
    if (!buffer || worked.includes(false)) {
      buffer?.destroy();
      return false;
    }
    this.buffers.set(id, buffer);
    this.bytes += bytes;
    return true;
  }

  free(id: number): void {
    const buffer = this.buffers.get(id);
    this.bytes -= buffer?.size ?? 0;
    buffer?.destroy();
    this.buffers.delete(id);
    this.bindings.clear();
  }

  write(id: number, values: Uint32Array | Float32Array | Int32Array): void {
    this.begin();
    this.device.queue.writeBuffer(this.buffer(id), 0, values as Float32Array<ArrayBuffer>);
  }

  run(given: Batch): void {
    const batch = this.runs++;
    this.handed += given.words.byteLength / PARAMETER_BYTES;
    this.begin();
    try {
      this.record(given, batch);
    } catch (error) {
      this.fail(broken((error as Error).message), batch);
    }
    this.end(batch);
  }

  private record({ programs, calls, words }: Batch, batch: number): void {
    for (const program of programs) {
      this.pipelines.push(this.compile(program, batch));
      this.names.push(program.key);
    }
    const uniforms = this.uniformsOf(words.byteLength);
    this.device.queue.writeBuffer(uniforms, 0, words as Uint32Array<ArrayBuffer>);
    const encoder = this.device.createCommandEncoder();
    const clock = this.clock?.next();
    let pass = clock ? undefined : encoder.beginComputePass();
    for (let at = 0, offset = 0; at < calls.length; offset += PARAMETER_BYTES) {
      const program = calls[at];
      const { pipeline, bindings } = this.pipelines[program];
      const groups = calls[at + 1];
      const next = at + 2 + bindings;
      if (clock) {
        pass?.end();
        pass = encoder.beginComputePass({ timestampWrites: clock.write(this.names[program]) });
      }
      if (!pass) throw new Error('A pass must be open.');
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, this.bound(program, calls.slice(at + 2, next), uniforms), [offset]);
      if (groups <= GROUPS_PER_ROW) pass.dispatchWorkgroups(groups);
      else pass.dispatchWorkgroups(GROUPS_PER_ROW, Math.ceil(groups / GROUPS_PER_ROW));
      at = next;
    }
    pass?.end();
    clock?.resolve(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  async read(id: number, bytes: number, offset = 0): Promise<ArrayBuffer> {
    this.begin();
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const staging = this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffer(id), offset, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    this.end();
    let copy: ArrayBuffer;
    try {
      await this.waited(() => staging.mapAsync(GPUMapMode.READ));
      copy = staging.getMappedRange().slice(0, bytes);
      staging.destroy();
    } catch (error) {
      // A lost device says so in a promise of its own.
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, LOST_MS))]);
      await this.reported();
      throw broken((error as Error).message);
    }
    await this.reported();
    return copy;
  }

  /** Asks the GPU for what comes after all that was handed over, when most of the time is over that this took before. */
  private async waited(ask: () => Promise<unknown>): Promise<void> {
    const [handed, start] = [this.handed, performance.now()];
    const dispatches = handed - this.done;
    const sleep = ASKS_WITHOUT_PAUSE ? this.patience.sleepFor(dispatches) : 0;
    if (sleep > 0) await new Promise((resolve) => setTimeout(resolve, sleep));
    await ask();
    this.patience.took(dispatches, performance.now() - start);
    this.done = Math.max(this.done, handed);
  }

  onFault(listener: FaultListener): void {
    this.listener = listener;
    if (this.fault) listener(this.fault);
  }

  /** From here on each dispatch is timed; false where the GPU has no clock for that. */
  startClock(): boolean {
    if (this.facts.features.includes('timestamp-query')) this.clock = new KernelClock(this.device);
    return this.clock !== undefined;
  }

  /** Ends the timing; calls and nanoseconds by kernel. */
  async stopClock(): Promise<Map<string, KernelTime>> {
    const { clock } = this;
    this.clock = undefined;
    return clock ? clock.times() : new Map();
  }

  stop(): void {
    this.ended = true;
    this.device.destroy();
  }

  private async reported(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
    const told = this.fault ?? this.untold;
    this.untold = undefined;
    if (told) throw told;
  }

  private buffer(id: number): GPUBuffer {
    return this.buffers.get(id) as GPUBuffer;
  }

  /** The buffers of these numbers, bound under a program. */
  private bound(program: number, ids: readonly number[], uniforms: GPUBuffer): GPUBindGroup {
    const key = `${program},${ids.join()}`;
    let group = this.keepsBindings ? this.bindings.get(key) : undefined;
    if (!group) {
      const entries: GPUBindGroupEntry[] = [
        { binding: 0, resource: { buffer: uniforms, offset: 0, size: PARAMETER_BYTES } },
        ...ids.map((id, n) => ({ binding: 1 + n, resource: { buffer: this.buffer(id) } })),
      ];
      group = this.device.createBindGroup({ layout: this.pipelines[program].layout, entries });
      this.bindingsMade++;
      if (this.bindings.size >= MOST_BINDINGS) this.bindings.clear();
      if (this.keepsBindings) this.bindings.set(key, group);
    }
    return group;
  }

  private uniformsOf(bytes: number): GPUBuffer {
    if ((this.uniforms?.size ?? 0) < bytes) {
      this.bindings.clear();
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      this.uniforms = this.device.createBuffer({ size: Math.max(bytes, 128 * PARAMETER_BYTES), usage });
    }
    return this.uniforms as GPUBuffer;
  }

  /** Everything between here and `end` is inside the error scopes. */
  private begin(): void {
    if (this.open) return;
    this.open = true;
    for (const scope of SCOPES) this.device.pushErrorScope(scope);
  }

  private end(batch?: number): void {
    this.open = false;
    for (const _ of SCOPES) this.popScope((message) => message, batch);
  }

  private popScope(say: (message: string) => string, batch: number | undefined): void {
    const report = this.device.popErrorScope().then(
      (error) => {
        if (!error) return;
        const message = say(error.message);
        if (error instanceof GPUOutOfMemoryError) this.fail(outOfMemory(message, this.bytes));
        else this.fail(broken(message), batch);
      },
      (error: Error) => this.fail(lost(error.message)),
    );
    this.pending.add(report);
    report.finally(() => this.pending.delete(report));
  }

  /** A batch that failed is told of once and leaves later ones alone; whatever else fails ends the device. */
  private fail(fault: DecileError, batch?: number): void {
    if (batch !== undefined) {
      this.bindings.clear(); // one of them may be what failed
      this.untold ??= fault;
      this.listener(fault, batch);
      return;
    }
    // The loss of the device explains whatever failed before it was known.
    if (this.fault && !(fault.code === 'engine/device-lost' && this.fault.code === 'engine/broken')) return;
    this.fault = fault;
    this.listener(fault);
  }

  private compile(program: Program, batch: number): Pipeline {
    const layout = this.layoutOf(program.reads, program.writes);
    this.device.pushErrorScope('validation');
    const module = this.device.createShaderModule({ label: program.key, code: program.source });
    const pipeline = this.device.createComputePipeline({
      label: program.key,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    this.popScope((message) => `shader ${program.key}: ${message}`, batch);
    return { pipeline, layout, bindings: program.reads + program.writes };
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

function outOfMemory(message: string, bytes: number): DecileError {
  const held = `${Math.round(bytes / 2 ** 20)} MiB in buffers`;
  return new DecileError(
    'engine/out-of-memory',
    `A step must fit into the GPU's memory, got ${held} and: ${firstLine(message)}.`,
    'Use a smaller --patch or --width.',
  );
}
