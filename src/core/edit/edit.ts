/** One undoable change of a mask: recorded while voxels are written, kept as runs, undone and redone exactly. */
import { isUnlabelled, type LabelMap, NOT_DRAWN, type Volume } from '../volume.ts';

/** A rectangle of one slice across k that an edit touched, in voxels. */
export interface DirtyBox {
  readonly k: number;
  i0: number;
  i1: number;
  j0: number;
  j1: number;
}

/** Runs of voxels along i: run n covers lengths[n] voxels from starts[n] and turned before[n] into after[n]. */
export interface Edit {
  readonly name: string;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Voxels that changed. */
  readonly changed: number;
  /** What to save and to redraw; i1 and j1 are included. */
  readonly boxes: readonly DirtyBox[];
}

/** What edits must leave alone, by value, 256 long: 1 = its voxels are not overwritten, 2 = nor are any voxels given it. */
export type Protection = Uint8Array;
const NO_PROTECTION: Protection = new Uint8Array(256);
const LOCKED = 2;

/** Which voxels a tool may paint over: all, background alone, or those of one label alone. */
export type PaintOver = 'all' | 'empty' | { readonly label: number };

/**
 * The protection that locked labels and the rule for painting over make.
 * @param active the label that is painted: its own voxels may always be painted over, and erased
 */
export function protect(locked: Iterable<number>, over: PaintOver = 'all', active = 0): Protection {
  const table = new Uint8Array(256).fill(over === 'all' ? 0 : 1);
  if (over === 'empty') table[0] = table[NOT_DRAWN] = 0;
  else if (over !== 'all') table[over.label] = 0;
  if (active > 0) table[active] = 0;
  for (const value of locked) table[value] = LOCKED;
  return table;
}

/** Only voxels whose intensity is in [low, high]. */
export interface IntensityRule {
  readonly scan: Volume;
  readonly low: number;
  readonly high: number;
}

/**
 * Writes into a mask and remembers what was there, one copied row per touched row, so that a stroke of any length
 * becomes one Edit. Protected labels are never overwritten, locked ones neither lose nor gain a voxel.
 */
export class Recorder {
  readonly mask: LabelMap;
  private readonly protection: Protection;
  private readonly within: IntensityRule | null;
  private readonly rows = new Map<number, Uint8Array>();
  private row = -1;
  /** By slice, what was written since `fresh` was asked last; `box` belongs to `row`. */
  private written = new Map<number, DirtyBox>();
  private box: DirtyBox | null = null;

  /** @param within voxels of other intensities stay as they are */
  constructor(mask: LabelMap, protection: Protection = NO_PROTECTION, within: IntensityRule | null = null) {
    this.mask = mask;
    this.protection = protection;
    this.within = within;
  }

  /** Sets one voxel; false where it had the value already, is protected or out of the range. */
  write(offset: number, value: number): boolean {
    const old = this.mask.data[offset];
    if (old === value || this.protection[old] || this.protection[value] === LOCKED) return false;
    if (this.within) {
      const intensity = this.within.scan.data[offset];
      if (!(intensity >= this.within.low && intensity <= this.within.high)) return false;
    }
    this.put(offset, value);
    return true;
  }

  /**
   * Says of a voxel without a label whether somebody drew there: background, or `NOT_DRAWN`. That is no painting: no rule of what may
   * be painted over is asked. One with a label stays as it is.
   */
  declare(offset: number, drawn: boolean): void {
    const old = this.mask.data[offset];
    const value = drawn ? 0 : NOT_DRAWN;
    if (isUnlabelled(old) && old !== value) this.put(offset, value);
  }

  private put(offset: number, value: number): void {
    const { data, size } = this.mask;
    const row = Math.floor(offset / size[0]);
    if (row !== this.row) {
      this.row = row;
      this.box = null;
      if (!this.rows.has(row)) this.rows.set(row, data.slice(row * size[0], (row + 1) * size[0]));
    }
    const i = offset - row * size[0];
    const { box } = this;
    if (!box) this.box = grow(this.written, Math.floor(row / size[1]), i, i, row % size[1]);
    else if (i < box.i0) box.i0 = i;
    else if (i > box.i1) box.i1 = i;
    data[offset] = value;
  }

  /** What was written since the last call, as one box a slice: what the screen must draw anew before `finish`. */
  fresh(): DirtyBox[] {
    const boxes = [...this.written.values()];
    this.written = new Map();
    this.box = null;
    return boxes;
  }

  /** What a voxel held before anything was written. */
  before(offset: number): number {
    const [ni] = this.mask.size;
    return this.rows.get(Math.floor(offset / ni))?.[offset % ni] ?? this.mask.data[offset];
  }

  /** The first and the last voxel along each axis that differs from before; null where none does. */
  extent(): { low: [number, number, number]; high: [number, number, number] } | null {
    const [ni, nj] = this.mask.size;
    const low: [number, number, number] = [...this.mask.size];
    const high: [number, number, number] = [-1, -1, -1];
    for (const [row, values] of this.rows)
      for (let i = 0; i < ni; i++) {
        if (values[i] === this.mask.data[row * ni + i]) continue;
        [i, row % nj, Math.floor(row / nj)].forEach((at, axis) => {
          low[axis] = Math.min(low[axis], at);
          high[axis] = Math.max(high[axis], at);
        });
      }
    return high[0] < 0 ? null : { low, high };
  }

  /** Puts back everything written since the start; returns the rows written to, as one box a slice. */
  cancel(): DirtyBox[] {
    const [ni, nj] = this.mask.size;
    const boxes = new Map<number, DirtyBox>();
    for (const [row, values] of this.rows) {
      this.mask.data.set(values, row * ni);
      grow(boxes, Math.floor(row / nj), 0, ni - 1, row % nj);
    }
    this.forget();
    return [...boxes.values()];
  }

  private forget(): void {
    this.rows.clear();
    this.row = -1;
    this.fresh();
  }

  /** The change so far as an Edit; null where nothing is different. */
  finish(name: string): Edit | null {
    const { data, size } = this.mask;
    const starts: number[] = [];
    const lengths: number[] = [];
    const before: number[] = [];
    const after: number[] = [];
    const boxes = new Map<number, DirtyBox>();
    let changed = 0;
    for (const row of [...this.rows.keys()].sort((a, b) => a - b)) {
      const old = this.rows.get(row) as Uint8Array;
      const base = row * size[0];
      let i = 0;
      while (i < size[0]) {
        const was = old[i];
        const is = data[base + i];
        if (was === is) {
          i++;
          continue;
        }
        let end = i + 1;
        while (end < size[0] && old[end] === was && data[base + end] === is) end++;
        starts.push(base + i);
        lengths.push(end - i);
        before.push(was);
        after.push(is);
        changed += end - i;
        grow(boxes, Math.floor(row / size[1]), i, end - 1, row % size[1]);
        i = end;
      }
    }
    this.forget();
    if (changed === 0) return null;
    return {
      name,
      starts: Uint32Array.from(starts),
      lengths: Uint32Array.from(lengths),
      before: Uint8Array.from(before),
      after: Uint8Array.from(after),
      changed,
      boxes: [...boxes.values()],
    };
  }
}

function grow(boxes: Map<number, DirtyBox>, k: number, i0: number, i1: number, j: number): DirtyBox {
  const box = boxes.get(k);
  if (!box) {
    const made = { k, i0, i1, j0: j, j1: j };
    boxes.set(k, made);
    return made;
  }
  box.i0 = Math.min(box.i0, i0);
  box.i1 = Math.max(box.i1, i1);
  box.j0 = Math.min(box.j0, j);
  box.j1 = Math.max(box.j1, j);
  return box;
}

/** Runs `change` against a recorder and returns what it did as one Edit. */
export function record(
  mask: LabelMap,
  protection: Protection,
  name: string,
  change: (recorder: Recorder) => void,
): Edit | null {
  const recorder = new Recorder(mask, protection);
  change(recorder);
  return recorder.finish(name);
}

export function undoEdit(mask: LabelMap, edit: Edit): void {
  fillRuns(mask, edit, edit.before);
}

export function redoEdit(mask: LabelMap, edit: Edit): void {
  fillRuns(mask, edit, edit.after);
}

/** A step without voxels: the place of one that is being worked out. */
export const placeOf = (name: string): Edit => ({
  ...{ name, starts: new Uint32Array(), lengths: new Uint32Array(), before: new Uint8Array(), after: new Uint8Array() },
  ...{ changed: 0, boxes: [] },
});

/** Makes an edit anew on a mask that another one has changed since: the same voxels end with the same values. */
export function rebased(mask: LabelMap, { name, starts, lengths, after }: Edit): Edit {
  const edit = record(mask, NO_PROTECTION, name, (recorder) => {
    for (let n = 0; n < starts.length; n++)
      for (let v = starts[n]; v < starts[n] + lengths[n]; v++) recorder.write(v, after[n]);
  });
  return edit ?? placeOf(name);
}

function fillRuns(mask: LabelMap, { starts, lengths }: Edit, values: Uint8Array): void {
  for (let n = 0; n < starts.length; n++) mask.data.fill(values[n], starts[n], starts[n] + lengths[n]);
}

/** Bytes that an edit holds. */
export const editBytes = (edit: Edit): number => edit.starts.length * 10;
