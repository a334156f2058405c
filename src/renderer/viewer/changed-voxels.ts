/** Which voxels of a mask were changed here and are not on the disk: what another window drew between them is not ours to send. */
import type { DirtyBox, Edit } from '../../core/edit/edit.ts';
import type { LabelMap } from '../../core/volume.ts';
import type { MaskBox } from '../../shared/contract/index.ts';

/** One slice across k: a bit a voxel, i fastest, and the box around those that are set. */
interface Slice {
  readonly box: DirtyBox;
  readonly bits: Uint8Array;
}

export class ChangedVoxels {
  private readonly slices = new Map<number, Slice>();
  private readonly size: readonly [number, number, number];

  constructor(size: readonly [number, number, number]) {
    this.size = size;
  }

  get none(): boolean {
    return this.slices.size === 0;
  }

  /** Adds the voxels of an edit; its runs lie along i. */
  add({ starts, lengths }: Pick<Edit, 'starts' | 'lengths'>): void {
    const [ni, nj] = this.size;
    for (let n = 0; n < starts.length; n++) {
      const k = Math.floor(starts[n] / (ni * nj));
      const first = starts[n] - k * ni * nj;
      const [i, j] = [first % ni, Math.floor(first / ni)];
      const { bits } = this.slice({ k, i0: i, i1: i + lengths[n] - 1, j0: j, j1: j });
      for (let v = first; v < first + lengths[n]; v++) bits[v >> 3] |= 1 << (v & 7);
    }
  }

  /** Adds all voxels of `others`. */
  merge(others: ChangedVoxels): void {
    for (const { box, bits } of others.slices.values()) {
      const slice = this.slice(box);
      for (let n = 0; n < bits.length; n++) slice.bits[n] |= bits[n];
    }
  }

  /** Their present values: a save always sends what is true now, so saves may merge and repeat. */
  cut(mask: LabelMap): MaskBox[] {
    return [...this.slices.values()].map((slice) => cut(mask, slice));
  }

  /** The slice of a box, grown to hold it. */
  private slice(box: DirtyBox): Slice {
    const known = this.slices.get(box.k);
    if (known) {
      known.box.i0 = Math.min(known.box.i0, box.i0);
      known.box.i1 = Math.max(known.box.i1, box.i1);
      known.box.j0 = Math.min(known.box.j0, box.j0);
      known.box.j1 = Math.max(known.box.j1, box.j1);
      return known;
    }
    const made = { box: { ...box }, bits: new Uint8Array(Math.ceil((this.size[0] * this.size[1]) / 8)) };
    this.slices.set(box.k, made);
    return made;
  }
}

function cut(mask: LabelMap, { box: { k, i0, i1, j0, j1 }, bits }: Slice): MaskBox {
  const [width, height] = [i1 - i0 + 1, j1 - j0 + 1];
  const values = new Uint8Array(width * height);
  const only = new Uint8Array(Math.ceil(values.length / 8));
  let set = 0;
  for (let b = 0; b < height; b++) {
    const row = mask.size[0] * (j0 + b) + i0;
    const from = mask.size[0] * mask.size[1] * k + row;
    values.set(mask.data.subarray(from, from + width), b * width);
    for (let a = 0; a < width; a++) {
      if (!((bits[(row + a) >> 3] >> ((row + a) & 7)) & 1)) continue;
      const v = b * width + a;
      only[v >> 3] |= 1 << (v & 7);
      set++;
    }
  }
  const box = { start: [i0, j0, k], size: [width, height, 1], values } as const;
  return set === values.length ? box : { ...box, only };
}
