/** Buffers of the GPU, used again: a training step asks for the same sizes as the one before it. */

export interface Slot {
  /** The buffer's number. */
  readonly id: number;
  readonly bytes: number;
  /** The last batch of commands that uses it. */
  batch: number;
  /** Given back to the device when it is released: too large to be kept for others. */
  readonly once?: true;
}

/** What the pool needs of the device. */
interface Source {
  /** The new buffer's number. */
  make(bytes: number): number;
  free(id: number): void;
  /** Number of the batch that is being recorded. */
  readonly batch: number;
  /** Hands the recorded batch over, so that later writes come after it. */
  flush(): void;
}

const SMALLEST = 256;
/**
 * A free buffer may be this much larger than what is asked for; and this much where another may not be made without giving one back: steps
 * would make and give back the same ones each time.
 */
const SLACK = 1.25;
const SLACK_WHEN_FULL = 4;
/**
 * All buffers may take this much of the most that was in use lately, or this many bytes more than what is in use now; free ones beyond are
 * given back when others have to be made. A step begins and ends with little in use, and the next one wants all of its buffers again.
 */
const KEPT_SHARE = 1.5;
const KEPT_BYTES = 64 * 2 ** 20;
/** What was in use once counts less by this share of all bytes that are made; steps that repeat make none. */
const FORGOTTEN = 0.05;

/** Powers of two below 64 KiB, so that small tensors share; above, multiples of 4 KiB. */
function roundedSize(bytes: number): number {
  if (bytes >= 65536) return Math.ceil(bytes / 4096) * 4096;
  return Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
}

export class Pool {
  /** Bytes of the buffers that are in use, and of all. */
  used = 0;
  total = 0;
  /** The most bytes there were in all. */
  peak = 0;
  /** The most bytes in use lately. */
  mostUsed = 0;
  slots = 0;
  /**
   * Sorted by size, then by number: what is taken depends on which buffers are free, not on the order in which they became so, and a step
   * gets the buffers of the one before it.
   */
  private readonly free: Slot[] = [];
  private readonly source: Source;

  constructor(source: Source) {
    this.source = source;
  }

  /** Room for `bytes`. A buffer that the recorded batch still reads may be used for its later results. */
  take(bytes: number): Slot {
    return this.reuse(bytes, () => true) ?? this.make(bytes);
  }

  /**
   * Room that the processor writes at once. Such writes come before the batch that is being recorded, so a buffer which
   * that batch uses is only taken after handing the batch over.
   */
  takeForUpload(bytes: number): Slot {
    const idle = this.reuse(bytes, (slot) => slot.batch !== this.source.batch);
    if (idle) return idle;
    const busy = this.reuse(bytes, () => true);
    if (!busy) return this.make(bytes);
    this.source.flush();
    return busy;
  }

  /** A buffer that was made beside the pool; it counts here until it is released. */
  adopt(id: number, bytes: number): Slot {
    this.slots++;
    this.used += bytes;
    this.total += bytes;
    this.mostUsed = Math.max(this.mostUsed, this.used);
    this.peak = Math.max(this.peak, this.total);
    return { id, bytes, batch: -1, once: true };
  }

  release(slot: Slot): void {
    this.slots--;
    this.used -= slot.bytes;
    if (slot.once) {
      this.total -= slot.bytes;
      this.mostUsed -= slot.bytes;
      // A buffer may not be destroyed while commands that use it wait.
      this.source.flush();
      this.source.free(slot.id);
      return;
    }
    this.free.splice(this.firstOf(slot.bytes, slot.id), 0, slot);
  }

  private reuse(bytes: number, fits: (slot: Slot) => boolean): Slot | undefined {
    const size = roundedSize(bytes);
    const slack = this.total + size > this.mostKept(size) ? SLACK_WHEN_FULL : SLACK;
    const most = size < 65536 ? size : size * slack;
    for (let i = this.firstOf(size); i < this.free.length && this.free[i].bytes <= most; i++) {
      const slot = this.free[i];
      if (!fits(slot)) continue;
      this.free.splice(i, 1);
      this.slots++;
      this.used += slot.bytes;
      this.mostUsed = Math.max(this.mostUsed, this.used);
      return slot;
    }
    return undefined;
  }

  private make(bytes: number): Slot {
    const size = roundedSize(bytes);
    this.mostUsed = Math.max(this.used + size, this.mostUsed - FORGOTTEN * size);
    this.trim(size);
    const slot = { id: this.source.make(size), bytes: size, batch: -1 };
    this.slots++;
    this.used += size;
    this.total += size;
    this.peak = Math.max(this.peak, this.total);
    return slot;
  }

  /** Bytes of all buffers, with another one of that size. */
  private mostKept(size: number): number {
    return Math.max(KEPT_SHARE * this.mostUsed, this.used + size + KEPT_BYTES);
  }

  /** Before a buffer of that size is made. */
  private trim(size: number): void {
    const most = this.mostKept(size);
    if (this.total + size <= most) return;
    // A buffer may not be destroyed while commands that use it wait.
    this.source.flush();
    const oldest = [...this.free].sort((a, b) => a.batch - b.batch);
    for (const slot of oldest) {
      if (this.total + size <= most) break;
      this.free.splice(this.free.indexOf(slot), 1);
      this.total -= slot.bytes;
      this.source.free(slot.id);
    }
  }

  /** Index of the first free slot of more than `bytes`, or of as many and at least this number. */
  private firstOf(bytes: number, id = 0): number {
    let [low, high] = [0, this.free.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const slot = this.free[middle];
      if (slot.bytes < bytes || (slot.bytes === bytes && slot.id < id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
