/** Patches of the network `planned`: sides follow the plan, not multiples of 16. */
import { DecileError } from '../errors.ts';
import { divisorsOf, type NetworkPlan, planNetwork, plannedPatch } from '../network/plan.ts';

type Triple = readonly [x: number, y: number, z: number];
type PatchSides = [x: number, y: number, z: number];

/** A thin scan may have a larger plane than a cube's. */
const LARGEST = 160;
/**
 * Labelled voxels of a step, in all its patches: two cubes of 64. One large patch comes before two small ones, as nnU-Net takes it: which of five
 * vertebrae it sees a network knows by what lies around.
 */
const MOST_VOXELS = 2 * 64 ** 3;
const MOST_PATCHES = 2;
/** A scan's side beyond the plan's divisor that may be cut off; more is padded. */
const CUT = 1 / 16;
/**
 * The same where padding would add as much or more. In a padded patch of the whole scan each scan stands in the same place: on the
 * hippocampus bcp loses two Dice by it (docs/explanation/choices.md, patches).
 */
const CUT_BEFORE_PADDING = 1 / 8;
/** Below this the plane shows too little. */
const LEAST = 16;

/**
 * The median scan whole, up to 160 voxels a side, each side rounded as its plan needs, down rather than up; then the side that is longest in mm, one with padding first, shrinks until
 * the patch has at most 2 x 64^3 voxels, or 64^3 where a step reads several and `fits`.
 * @param sizes scan sizes in voxels of the training grid
 * @param voxel of that grid, x, y, z
 * @param patches labelled ones of a step
 */
export function fitPlannedPatch(
  sizes: readonly (readonly number[])[],
  voxel: Triple,
  fits: (patch: PatchSides) => boolean,
  patches: number = MOST_PATCHES,
): PatchSides {
  const most = MOST_VOXELS / Math.min(MOST_PATCHES, patches);
  const median = (axis: number) => sizes.map((s) => s[axis]).sort((a, b) => a - b)[sizes.length >> 1];
  const whole = (axis: number) => Math.min(LARGEST, Math.max(4, median(axis)));
  let patch = rounded(voxel, [whole(0), whole(1), whole(2)]);
  while (patch[0] * patch[1] * patch[2] > most || !fits(patch)) {
    const padded = patch.map((side, axis) => side > median(axis));
    const mm = patch.map((side, axis) =>
      side > LEAST && (padded[axis] || !padded.includes(true)) ? side * voxel[axis] : 0,
    );
    const longest = mm.indexOf(Math.max(...mm));
    if (patch[longest] <= LEAST) break;
    const smaller = [...patch] as PatchSides;
    smaller[longest] -= divisorsOf(planNetwork(voxel, patch, 1))[longest];
    patch = plannedPatch(voxel, smaller);
  }
  return patch;
}

/** Down where that cuts off little, else up. */
function rounded(voxel: Triple, sides: PatchSides): PatchSides {
  const divisors = divisorsOf(planNetwork(voxel, sides, 1));
  const side = (axis: 0 | 1 | 2) => {
    const rest = sides[axis] % divisors[axis];
    const most = rest <= divisors[axis] - rest ? CUT_BEFORE_PADDING : CUT;
    return rest <= most * sides[axis] ? sides[axis] - rest : sides[axis];
  };
  return plannedPatch(voxel, [side(0), side(1), side(2)]);
}

/** The plan of a patch that was asked for. @throws option/invalid where its sides are not divisible as the plan needs */
export function planFor(voxel: Triple, patch: PatchSides, width: number): NetworkPlan {
  const plan = planNetwork(voxel, patch, width);
  const divisors = divisorsOf(plan);
  if (patch.some((side, axis) => side % divisors[axis] !== 0))
    throw new DecileError(
      'option/invalid',
      `--patch must have sides divisible by ${divisors.join(',')} for --network planned and voxels of ${voxel.join(' x ')} mm, got ${patch.join(',')}.`,
      `Take ${plannedPatch(voxel, patch).join(',')}, or auto.`,
    );
  return plan;
}
