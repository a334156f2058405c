/** Memory of the simd engine's tensors: blocks inside one WebAssembly memory, best fit, neighbours joined when freed. */
import { DecileError } from '../../core/errors.ts';

/** Kernels read whole vectors; every block starts at one. */
const ALIGNMENT = 64;
const PAGE = 65536;
/** Kernels may read a few values past a block, so that the last one must not end with the memory. */
const MARGIN = 64;

interface Free {
  at: number;
  size: number;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Bytes in use, and the most there were. */
  used = 0;
  peak = 0;
  private readonly maximum: number;
  private end: number;
  /** Sorted by address; no two touch. */
  private readonly free: Free[];
  private readonly sizes = new Map<number, number>();

  /**
   * @param start first byte that may be given out
   * @param maximum bytes that the memory may grow to
   */
  constructor(memory: WebAssembly.Memory, start: number, maximum: number) {
    this.memory = memory;
    this.maximum = maximum;
    this.end = memory.buffer.byteLength - MARGIN;
    const first = roundUp(start, ALIGNMENT);
    this.free = [{ at: first, size: this.end - first }];
  }

  get blocks(): number {
    return this.sizes.size;
  }

  /** @throws DecileError `engine/out-of-memory` */
  allocate(bytes: number): number {
    const size = Math.max(ALIGNMENT, roundUp(bytes, ALIGNMENT));
    let best = this.bestFit(size);
    if (best < 0) {
      this.grow(size);
      best = this.bestFit(size);
    }
    const hole = this.free[best];
    const at = hole.at;
    if (hole.size === size) this.free.splice(best, 1);
    else this.free[best] = { at: at + size, size: hole.size - size };
    this.sizes.set(at, size);
    this.used += size;
    this.peak = Math.max(this.peak, this.used);
    return at;
  }

  release(at: number): void {
    const size = this.sizes.get(at);
    if (size === undefined) throw new Error(`A block to free must be in use, got address ${at}.`);
    this.sizes.delete(at);
    this.used -= size;
    this.addFree({ at, size });
  }

  private bestFit(size: number): number {
    let best = -1;
    for (let i = 0; i < this.free.length; i++) {
      if (this.free[i].size >= size && (best < 0 || this.free[i].size < this.free[best].size)) best = i;
    }
    return best;
  }

  private grow(size: number): void {
    const last = this.free.at(-1);
    const atEnd = last && last.at + last.size === this.end ? last.size : 0;
    const pages = Math.ceil((size - atEnd) / PAGE);
    try {
      if (this.end + MARGIN + pages * PAGE > this.maximum) throw new RangeError('the memory ends');
      this.memory.grow(pages);
    } catch {
      const mebibytes = (n: number) => `${Math.round(n / 2 ** 20)} MiB`;
      const message = `The simd engine must fit into ${mebibytes(this.maximum)}, got ${mebibytes(this.used)} in use and ${mebibytes(size)} more asked for.`;
      throw new DecileError('engine/out-of-memory', message, 'Use a smaller --patch or --width.');
    }
    this.addFree({ at: this.end, size: pages * PAGE });
    this.end += pages * PAGE;
  }

  private addFree(block: Free): void {
    let i = this.free.findIndex(({ at }) => at > block.at);
    if (i < 0) i = this.free.length;
    const [before, after] = [this.free[i - 1], this.free[i]];
    const joinsBefore = before && before.at + before.size === block.at;
    const joinsAfter = after && block.at + block.size === after.at;
    const at = joinsBefore ? before.at : block.at;
    const size = block.size + (joinsBefore ? before.size : 0) + (joinsAfter ? after.size : 0);
    this.free.splice(i - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), { at, size });
  }
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
