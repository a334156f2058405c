/** Window level: which intensities the screen shows between black and white. */
import { type Axis, sliceLayout } from '../../core/edit/planes.ts';
import { percentile } from '../../core/metrics/hd95.ts';
import type { Volume } from '../../core/volume.ts';

export interface Window {
  /** Middle of the shown range, in the scan's units (HU in CT). */
  readonly level: number;
  readonly width: number;
}

export interface WindowPreset extends Window {
  readonly name: string;
}

const CT_PRESETS: readonly WindowPreset[] = [
  { name: 'Soft tissue', width: 400, level: 40 },
  { name: 'Lung', width: 1500, level: -600 },
  { name: 'Liver', width: 150, level: 90 },
  { name: 'Bone', width: 2500, level: 480 },
  { name: 'Brain', width: 80, level: 40 },
];

/** The presets of a scan, the one it opens with first; MR has no fixed units, so its windows follow its percentiles. */
export function presetsOf(modality: string, [low, high]: readonly [number, number]): WindowPreset[] {
  if (modality === 'CT') return [...CT_PRESETS];
  const span = Math.max(1e-6, high - low);
  const part = (name: string, from: number, to: number): WindowPreset => ({
    name,
    level: low + (span * (from + to)) / 2,
    width: span * (to - from),
  });
  return [
    part('Full range', 0, 1),
    part('Bright', 0.4, 1),
    part('Dark', 0, 0.5),
    part('Middle', 0.2, 0.8),
    part('Wide', -0.5, 1.5),
  ];
}

/** A drag of dx, dy pixels: right widens, down brightens; the step follows the width, so MR and CT feel alike. */
export function dragWindow(start: Window, dx: number, dy: number): Window {
  const step = Math.max(start.width, 1e-6) / 300;
  return { width: Math.max(start.width * 1e-3, start.width + dx * step), level: start.level - dy * step };
}

/**
 * The window that spans the 1st to 99th percentile of a box on one slice.
 * @param from,to opposite corners in voxels, of any order; voxels whose centres lie between them count, one at least
 */
export function windowOfRegion(
  scan: Volume,
  normal: Axis,
  slice: number,
  from: readonly [number, number, number],
  to: readonly [number, number, number],
): Window {
  const { axisA, axisB, base, stepA, stepB } = sliceLayout(scan.size, normal, slice);
  const [a0, a1] = span(from[axisA], to[axisA], scan.size[axisA]);
  const [b0, b1] = span(from[axisB], to[axisB], scan.size[axisB]);
  const values = new Float64Array((a1 - a0 + 1) * (b1 - b0 + 1));
  for (let b = b0, n = 0; b <= b1; b++)
    for (let a = a0; a <= a1; a++, n++) values[n] = scan.data[base + a * stepA + b * stepB];
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return { level: 0, width: 1 };
  const [low, high] = [percentile(sorted, 1), percentile(sorted, 99)];
  // One value alone would be a window without shades.
  return { level: (low + high) / 2, width: Math.max(high - low, Math.abs(low) * 1e-3, 1e-6) };
}

/** Voxels whose centres lie between two places along an axis; the nearest one where none does. */
function span(p: number, q: number, size: number): [number, number] {
  const within = (n: number) => Math.min(size - 1, Math.max(0, n));
  const [first, last] = [Math.ceil(Math.min(p, q)), Math.floor(Math.max(p, q))];
  return first <= last ? [within(first), within(last)] : [within(Math.round(p)), within(Math.round(p))];
}
