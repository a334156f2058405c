/** What is made of a drawn patch: pure, so that it may be done elsewhere, and before it is needed. Nothing here draws. */
import { NOT_DRAWN } from '../volume.ts';
import { type CropPlan, type PatchSource, readPatch, type Sides } from './patches.ts';

/** A patch that is drawn and not yet made: plain data. */
export interface PatchRequest {
  sides: Sides;
  plan: CropPlan;
  /** Background counts as one. */
  classes: number;
}

export interface MadePatch {
  /** [channel][z][y][x], patch sides */
  image: Float32Array;
  /** Of labelled cases. */
  target?: Target;
}

/** A mask as networks are taught it. */
export interface Target {
  /** [class][z][y][x], 0 in all classes where nothing was drawn */
  oneHot: Float32Array;
  /** Voxels of each class. */
  voxels: number[];
}

/** Makes patches elsewhere, such as in threads, while other things are computed. */
export interface PatchMaker {
  /**
   * Begins at once; what comes is `makePatch`'s, bit by bit, errors too.
   * @returns null where it cannot make a patch of this source
   */
  make(source: PatchSource, request: PatchRequest): Promise<MadePatch> | null;
}

export function makePatch(source: PatchSource, { sides, plan, classes }: PatchRequest): MadePatch {
  const { image, mask } = readPatch(source, sides, plan);
  return { image, ...(mask && { target: targetOf(mask, classes) }) };
}

export function targetOf(mask: Uint8Array, classes: number): Target {
  const oneHot = new Float32Array(classes * mask.length);
  const voxels = new Array<number>(classes).fill(0);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === NOT_DRAWN) continue;
    oneHot[mask[i] * mask.length + i] = 1;
    voxels[mask[i]]++;
  }
  return { oneHot, voxels };
}
