/** Labels of voxels where several may meet: one byte a voxel, which stands for a set of labels. */
import { DecileError } from '../shared/errors.ts';

/** Voxels that are in several labels at once. */
export interface Overlap {
  /** The labels' values, ascending. */
  values: readonly number[];
  voxels: number;
}

export class LabelSets {
  /** A voxel of one label holds its value, unless that number stands for a set already. */
  readonly data: Uint8Array<ArrayBuffer>;
  private readonly sets: (readonly number[] | undefined)[];
  private readonly ids: Map<string, number>;

  constructor(voxels: number) {
    this.data = new Uint8Array(voxels);
    this.sets = [[]];
    this.ids = new Map([['', 0]]);
  }

  /** Adds a label to a voxel; the others stay. @throws mask/overlapping where more than 255 sets of labels occur */
  put(voxel: number, value: number): void {
    const there = this.data[voxel];
    if (there === 0) this.data[voxel] = this.idOf([value]);
    else {
      const set = this.setOf(there);
      if (!set.includes(value)) this.data[voxel] = this.idOf([...set, value].sort((a, b) => a - b));
    }
  }

  /** Adds every label of others on the same voxels. */
  join(other: LabelSets): void {
    for (let n = 0; n < other.data.length; n++)
      if (other.data[n] !== 0) for (const value of other.setOf(other.data[n])) this.put(n, value);
  }

  /** The same sets on other voxels. */
  over(data: Uint8Array): LabelSets {
    const moved = new LabelSets(data.length);
    moved.data.set(data);
    for (const [id, set] of this.sets.entries()) if (set) moved.keep(id, set);
    return moved;
  }

  /** The largest first. */
  overlaps(): Overlap[] {
    if (this.sets.every((set) => !set || set.length < 2)) return [];
    return this.counted()
      .filter(({ values }) => values.length > 1)
      .sort((a, b) => b.voxels - a.voxels);
  }

  /** Voxels of each label, those that it shares among them. */
  sizes(): Map<number, number> {
    const sizes = new Map<number, number>();
    for (const { values, voxels } of this.counted())
      for (const value of values) sizes.set(value, (sizes.get(value) ?? 0) + voxels);
    return sizes;
  }

  /** One value a voxel, in place. @param winner the value of a voxel that several labels share */
  settled(winner: (values: readonly number[]) => number): Uint8Array<ArrayBuffer> {
    const table = Uint8Array.from({ length: 256 }, (_, id) => {
      const set = this.sets[id];
      return !set || set.length === 0 ? 0 : set.length === 1 ? set[0] : winner(set);
    });
    if (this.sets.some((set, id) => set && table[id] !== id))
      for (let n = 0; n < this.data.length; n++) this.data[n] = table[this.data[n]];
    return this.data;
  }

  private counted(): Overlap[] {
    const voxels = new Float64Array(256);
    for (const id of this.data) voxels[id]++;
    return this.sets.flatMap((values, id) =>
      values && id > 0 && voxels[id] > 0 ? { values, voxels: voxels[id] } : [],
    );
  }

  private setOf(id: number): readonly number[] {
    return this.sets[id] ?? [];
  }

  private keep(id: number, set: readonly number[]): number {
    this.sets[id] = set;
    this.ids.set(set.join(), id);
    return id;
  }

  private idOf(set: readonly number[]): number {
    const known = this.ids.get(set.join());
    if (known !== undefined) return known;
    if (set.length === 1 && this.sets[set[0]] === undefined) return this.keep(set[0], set);
    // From the top, as labels' values are low.
    for (let id = 255; id > 0; id--) if (this.sets[id] === undefined) return this.keep(id, set);
    throw new DecileError(
      'mask/overlapping',
      'The labels of one mask must overlap in at most 255 ways, got more.',
      'Import them one by one.',
    );
  }
}

/** The label of the higher value. */
export const highest = (values: readonly number[]): number => Math.max(...values);
