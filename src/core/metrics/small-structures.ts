/** Whether small structures are found: the Dice of a whole label says nothing of a tumour of 2 ml beside one of 200. */
import { componentsOf } from '../edit/components.ts';
import { type LabelMap, voxelMl } from '../volume.ts';

/** A piece of this volume or more is not small, ml. */
export const SMALL_ML = 5;
/** Dice that a predicted piece must have with a structure that it finds. */
export const FOUND_DICE = 0.3;
/** Fewer voxels are a slip of the brush. */
const LEAST_VOXELS = 8;

export interface SmallStructures {
  /** Connected pieces of the reference of less than 5 ml. */
  present: number;
  /** Of these how many a predicted piece has a Dice of 0.3 or more with. */
  found: number;
}

/**
 * Counts the small structures of one label and those that the prediction found; pieces hang together over faces, edges and corners.
 * @returns null where the reference has none
 */
export function smallStructures(prediction: LabelMap, reference: LabelMap, label: number): SmallStructures | null {
  const ml = voxelMl(reference);
  const drawn = componentsOf(reference, label);
  const small = new Set(
    drawn.sizes.flatMap((voxels, n) => (voxels >= LEAST_VOXELS && voxels * ml < SMALL_ML ? [n + 1] : [])),
  );
  if (small.size === 0) return null;
  const predicted = componentsOf(prediction, label);
  /** Voxels in common, by structure and predicted piece. */
  const common = new Map<number, Map<number, number>>();
  for (let v = 0; v < drawn.numbers.length; v++) {
    const [structure, piece] = [drawn.numbers[v], predicted.numbers[v]];
    if (piece === 0 || !small.has(structure)) continue;
    const pieces = common.get(structure) ?? new Map<number, number>();
    pieces.set(piece, (pieces.get(piece) ?? 0) + 1);
    common.set(structure, pieces);
  }
  const isFound = (structure: number) =>
    [...(common.get(structure) ?? [])].some(
      ([piece, voxels]) => (2 * voxels) / (drawn.sizes[structure - 1] + predicted.sizes[piece - 1]) >= FOUND_DICE,
    );
  return { present: small.size, found: [...small].filter(isFound).length };
}
