/** From a scan to network input: training grid, then intensities (method section 3). */
import { gridOf, sameGrid } from '../geometry.ts';
import type { Orientation, SettledSpacing } from '../options.ts';
import { gridWithSpacing, resample } from '../resample.ts';
import type { Grid, LabelMap, Volume } from '../volume.ts';
import { bodyBox } from './body.ts';
import { inOrientation } from './orientation.ts';
import type { Box } from './region.ts';

/**
 * `mr` and `pet`: zero mean, unit variance over voxels > 0. `ct`: clip to the window (HU), then the same over all voxels. `none`:
 * the stored intensities are normalised already.
 */
export type Normalisation =
  | { kind: 'mr' }
  | { kind: 'pet' }
  | { kind: 'ct'; clip: readonly [lowHU: number, highHU: number] }
  | { kind: 'none' };

/** Which grid scans are brought to. */
export interface TrainingFrame {
  spacing: SettledSpacing;
  /** Absent in runs of earlier versions, which read scans as they are stored. */
  orientation?: Orientation;
}

/** The grid that training and prediction work on. */
export function trainingGrid(scan: Grid, { spacing, orientation = 'stored' }: TrainingFrame): Grid {
  const turned = inOrientation(scan, orientation);
  return spacing === 'native' ? turned : gridWithSpacing(turned, spacing);
}

/** Network input on the training grid, x fastest. */
export const prepareImage = (scan: Volume, frame: TrainingFrame, normalisation: Normalisation): Volume<Float32Array> =>
  prepareScan(scan, frame, normalisation).image;

/** Network input on the training grid, and the box in it where the patient is. */
export function prepareScan(
  scan: Volume,
  frame: TrainingFrame,
  normalisation: Normalisation,
): { image: Volume<Float32Array>; body: Box } {
  const grid = trainingGrid(scan, frame);
  const image = sameGrid(scan, grid)
    ? { ...gridOf(scan), data: Float32Array.from(scan.data) }
    : resample(scan, grid, 'linear');
  const body = bodyBox(image.data, image.size, normalisation.kind);
  normalise(image.data, normalisation);
  return { image, body };
}

/** The mask on the training grid, nearest neighbour. */
export function prepareMask(mask: LabelMap, frame: TrainingFrame): LabelMap {
  const grid = trainingGrid(mask, frame);
  return sameGrid(mask, grid) ? mask : resample(mask, grid, 'nearest');
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
  const scale = deviation > 1e-6 * Math.max(1, Math.abs(mean)) ? 1 / deviation : 0;
  for (let i = 0; i < data.length; i++) data[i] = (data[i] - mean) * scale;
}
