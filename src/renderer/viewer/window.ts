/** Window level: which intensities the screen shows between black and white. */

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
