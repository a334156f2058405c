/** Operations on a whole label as data, so that they can be worked out here or beside the window. */
import type { Volume, VoxelIndex } from '../volume.ts';
import { type Edit, type Protection, Recorder } from './edit.ts';
import { fillHoles, floodFill, type GrowOptions, growRegion } from './flood.ts';
import { interpolateSlices } from './interpolate.ts';
import type { Axis } from './planes.ts';
import { growLabel, smoothLabel } from './shape.ts';

export type EditJob =
  /** Gaussian of `sigma` mm in 3D. */
  | { readonly kind: 'smooth'; readonly label: number; readonly sigma: number }
  /** By `margin` mm; negative shrinks. */
  | { readonly kind: 'grow'; readonly label: number; readonly margin: number }
  | { readonly kind: 'interpolate'; readonly label: number; readonly normal: Axis }
  | { readonly kind: 'holes'; readonly label: number; readonly normal: Axis }
  | { readonly kind: 'fill'; readonly seed: VoxelIndex; readonly normal: Axis | null; readonly value: number }
  | { readonly kind: 'region'; readonly seed: VoxelIndex; readonly options: GrowOptions };

/** Told which part of the work is done, 0..1. */
export type OnPart = (part: number) => void;

/** Does the job; `scan` is needed for regions alone. */
export function doJob(recorder: Recorder, job: EditJob, scan: Volume | null, onPart: OnPart = () => {}): void {
  switch (job.kind) {
    case 'smooth':
      smoothLabel(recorder, job.label, job.sigma, null, null, onPart);
      return;
    case 'grow':
      growLabel(recorder, job.label, job.margin, onPart);
      return;
    case 'interpolate':
      interpolateSlices(recorder, job.label, job.normal, undefined, onPart);
      return;
    case 'holes':
      fillHoles(recorder, job.label, job.normal, undefined, onPart);
      return;
    case 'fill':
      floodFill(recorder, job.seed, job.normal, job.value, onPart);
      return;
    case 'region':
      if (scan) growRegion(recorder, scan, job.seed, job.options, onPart);
  }
}

/** Writes an edit that was worked out on a copy; what was drawn meanwhile stays. */
export function replay(recorder: Recorder, { starts, lengths, before, after }: Edit): void {
  const { data } = recorder.mask;
  for (let n = 0; n < starts.length; n++)
    for (let v = starts[n]; v < starts[n] + lengths[n]; v++) if (data[v] === before[n]) recorder.write(v, after[n]);
}

/** The job on a mask that is its own: what it changes, null where nothing. */
export function jobEdit(
  ...[mask, protection, job, scan, onPart]: [Recorder['mask'], Protection, EditJob, Volume | null, OnPart?]
): Edit | null {
  const recorder = new Recorder(mask, protection);
  doJob(recorder, job, scan, onPart);
  return recorder.finish(job.kind);
}
