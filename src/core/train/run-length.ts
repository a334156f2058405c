/**
 * How long a run is whose `--steps` are auto: as many steps as a wait holds that people accept. What a step costs is the voxels that it
 * learns from, so that large patches get fewer steps.
 */
import { type AskedOptions, type LengthName, type PlannedOptions, usesUnlabelled } from '../options.ts';
import { largestPatch } from './fit-patch.ts';
import { costFrom } from './step-cost.ts';

/** Voxels that a run learns from, in all its patches: about twenty minutes of two processor cores for `good`, at width 8. */
const VOXELS: Record<LengthName, number> = { quick: 300e6, good: 1_200e6, best: 4_800e6 };
/** Beyond these a network gains little from a few labelled scans. */
const MOST: Record<LengthName, number> = { quick: 2000, good: 6000, best: 12_000 };
/** Fewer teach nothing, however long they take. */
const LEAST = 200;
const ROUND = 100;

/**
 * Steps of a run: those that were asked for, or for `auto` those that its length holds.
 * @param sizes of the scans on the training grid, voxels
 */
export function plannedSteps(
  asked: AskedOptions & Pick<PlannedOptions, 'voxel'>,
  sizes: readonly (readonly number[])[],
): number {
  if (asked.steps !== 'auto') return asked.steps;
  const [x, y, z] = largestPatch(asked, sizes);
  const patches = asked.labelledPerStep + (usesUnlabelled(asked.method) ? asked.unlabelledPerStep : 0);
  const whole = VOXELS[asked.length] / (x * y * z * patches);
  // Steps that cost less than a whole one, the coarse ones, leave room for more.
  const cost = costFrom(0, { ...asked, steps: 1000, unlabelledFrom: 0, ensemble: 1, calibrationFolds: 0 }) / 1000;
  const steps = Math.max(LEAST, Math.min(whole / cost, MOST[asked.length] * asked.ensemble));
  return Math.round(steps / ROUND) * ROUND;
}
