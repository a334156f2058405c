/** From a scan to network input: training grid, then intensities (method section 3). */
import { mapAxes } from '../axes.ts';
import { gridOf, sameGrid, voxelToWorld, worldToVoxel } from '../geometry.ts';
import type { Orientation, Resampling, SettledSpacing } from '../options.ts';
import { gridWithSpacing, resample } from '../resample.ts';
import { type Grid, isPartlyDrawn, type LabelMap, NOT_DRAWN, type Volume, voxelFrom, voxelIndex } from '../volume.ts';
import { bodyBox } from './body.ts';
import { inOrientation } from './orientation.ts';
import type { Box } from './region.ts';

/**
 * `mr` and `pet`: zero mean, unit variance over voxels > 0. `ct`: clip to the window (HU), then the same over all voxels. `none`:
 * the stored intensities are normalised already. `widen` is there until a run begins whose window nobody chose: it then takes in
 * the labels that it clips most of.
 */
export type Normalisation =
  | { kind: 'mr' }
  | { kind: 'pet' }
  | { kind: 'ct'; clip: readonly [lowHU: number, highHU: number]; widen?: true }
  | { kind: 'none' };

/** Which grid scans are brought to. */
export interface TrainingFrame {
  spacing: SettledSpacing;
  /** Absent in runs of earlier versions, which read scans as they are stored. */
  orientation?: Orientation;
  /** Absent in runs of earlier versions, which read the two neighbours of each sample alone. */
  resampling?: Resampling;
}

/** The grid that training and prediction work on. */
export function trainingGrid(scan: Grid, { spacing, orientation = 'stored' }: TrainingFrame): Grid {
  const turned = inOrientation(scan, orientation);
  return spacing === 'native' ? turned : gridWithSpacing(turned, spacing);
}

/** Network input on the training grid, x fastest. */
export const prepareImage = (scan: Volume, frame: TrainingFrame, normalisation: Normalisation): Volume<Float32Array> =>
  prepareScan(scan, frame, normalisation).image;

/** Network input on the training grid, the box in it where the patient is, and whether nothing varies in it: then it is 0. */
export function prepareScan(
  scan: Volume,
  frame: TrainingFrame,
  normalisation: Normalisation,
): { image: Volume<Float32Array>; body: Box; flat: boolean } {
  const grid = trainingGrid(scan, frame);
  const image = sameGrid(scan, grid)
    ? { ...gridOf(scan), data: Float32Array.from(scan.data) }
    : resample(scan, grid, frame.resampling ?? 'linear');
  const body = bodyBox(image.data, image.size, normalisation.kind);
  normalise(image.data, normalisation);
  return { image, body, flat: image.data.every((v) => v === 0) };
}

/** The mask on the training grid, nearest neighbour; of scans drawn in part the nearest that was drawn inside each voxel. */
export function prepareMask(mask: LabelMap, frame: TrainingFrame): LabelMap {
  const grid = trainingGrid(mask, frame);
  if (sameGrid(mask, grid)) return mask;
  const prepared = resample(mask, grid, 'nearest');
  if (isPartlyDrawn(mask)) keepDrawn(mask, prepared);
  return prepared;
}

/** A slice drawn between the centres of coarser voxels would be lost: its voxels go to those that they lie in, the nearest first. */
function keepDrawn(from: LabelMap, into: LabelMap): void {
  // Along each axis of the mask the place on the training grid moves by one vector.
  const start = worldToVoxel(into, voxelToWorld(from, voxelIndex(0, 0, 0)));
  const [along, across, through] = ([0, 1, 2] as const).map((axis) => {
    const next = [0, 0, 0];
    next[axis] = 1;
    const end = worldToVoxel(into, voxelToWorld(from, voxelFrom(next)));
    return mapAxes(end, (place, c) => place - start[c]);
  });
  const nearest = new Float32Array(into.data.length).fill(Number.POSITIVE_INFINITY);
  const open = Uint8Array.from(into.data, (value) => (value === NOT_DRAWN ? 1 : 0));
  const [ni, nj, nk] = from.size;
  let v = 0;
  for (let k = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++) {
        const label = from.data[v++];
        if (label === NOT_DRAWN) continue;
        let [at, far, step] = [0, 0, 1];
        for (let c = 0; c < 3; c++) {
          const place = start[c] + i * along[c] + j * across[c] + k * through[c];
          const near = Math.min(into.size[c] - 1, Math.max(0, Math.round(place)));
          at += step * near;
          far += ((place - near) * into.spacing[c]) ** 2;
          step *= into.size[c];
        }
        if (!open[at] || far >= nearest[at]) continue;
        nearest[at] = far;
        into.data[at] = label;
      }
}

/** In place. A scan whose counted voxels are all equal becomes 0. */
export function normalise(data: Float32Array, normalisation: Normalisation): void {
  if (normalisation.kind === 'none') return;
  let counts: (v: number) => boolean = () => true;
  if (normalisation.kind === 'ct') {
    const [low, high] = normalisation.clip;
    for (let i = 0; i < data.length; i++) data[i] = Math.min(high, Math.max(low, data[i]));
  } else if (data.some((v) => v > 0)) {
    counts = (v) => v > 0;
  }
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (const v of data) {
    if (!counts(v)) continue;
    n++;
    sum += v;
    squares += v * v;
  }
  const mean = sum / n;
  const deviation = Math.sqrt(Math.max(squares / n - mean * mean, 0));
  // Relative: maps in SI units (diffusion, perfusion) hold numbers of 1e-9.
  const scale = deviation > 1e-6 * Math.abs(mean) ? 1 / deviation : 0;
  for (let i = 0; i < data.length; i++) data[i] = (data[i] - mean) * scale;
}
