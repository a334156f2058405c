/** Times of dispatches by the GPU's own clock: a pass for each, with a timestamp before and after. */

export interface KernelTime {
  calls: number;
  nanoseconds: number;
}

/** Dispatches that one set of timestamps holds; as many as a batch has. */
const MOST = 128;

/** The timestamps of one batch. */
class Sheet {
  private readonly set: GPUQuerySet;
  private readonly names: string[] = [];
  readonly values: GPUBuffer;
  private readonly device: GPUDevice;

  constructor(device: GPUDevice) {
    this.device = device;
    this.set = device.createQuerySet({ type: 'timestamp', count: 2 * MOST });
    this.values = device.createBuffer({ size: 16 * MOST, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  }

  /** Where the next dispatch writes its two times. */
  write(name: string): GPUComputePassTimestampWrites {
    const at = 2 * this.names.length;
    this.names.push(name);
    return { querySet: this.set, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  resolve(encoder: GPUCommandEncoder): void {
    const size = 16 * this.names.length;
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const resolved = this.device.createBuffer({ size: 16 * MOST, usage });
    encoder.resolveQuerySet(this.set, 0, 2 * this.names.length, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, this.values, 0, size);
  }

  async addTo(times: Map<string, KernelTime>): Promise<void> {
    await this.values.mapAsync(GPUMapMode.READ);
    const stamps = new BigUint64Array(this.values.getMappedRange());
    for (const [n, name] of this.names.entries()) {
      const time = times.get(name) ?? { calls: 0, nanoseconds: 0 };
      const passed = Number(stamps[2 * n + 1] - stamps[2 * n]);
      times.set(name, { calls: time.calls + 1, nanoseconds: time.nanoseconds + Math.max(0, passed) });
    }
    this.values.destroy();
    this.set.destroy();
  }
}

export class KernelClock {
  private readonly sheets: Sheet[] = [];
  private readonly device: GPUDevice;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** For the batch that is recorded now. */
  next(): Sheet {
    this.sheets.push(new Sheet(this.device));
    return this.sheets[this.sheets.length - 1];
  }

  async times(): Promise<Map<string, KernelTime>> {
    const times = new Map<string, KernelTime>();
    for (const sheet of this.sheets) await sheet.addTo(times);
    return times;
  }
}
