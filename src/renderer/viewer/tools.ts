/** The tools of the Annotate screen as data, and their settings. */

import type { PaintOver } from '../../core/edit/edit.ts';

export const TOOLS = [
  { id: 'navigate', name: 'Crosshair', help: 'Drag to move the crosshair in all planes.' },
  { id: 'brush', name: 'Brush', help: 'Drag to paint. Hold Ctrl to erase.' },
  { id: 'eraser', name: 'Eraser', help: 'Drag to erase.' },
  { id: 'threshold', name: 'Threshold brush', help: 'Paints only intensities inside the range.' },
  { id: 'scissors', name: 'Scissors', help: 'Draw around an area to fill it; hold Ctrl to cut it out.' },
  {
    id: 'polygon',
    name: 'Polygon',
    help: 'Click corners. Enter, a double click or the first corner closes; Backspace takes one back, Esc drops it.',
  },
  { id: 'fill', name: 'Flood fill', help: 'Click into a closed outline, or on a part to relabel it.' },
  {
    id: 'click',
    name: 'Click to mask',
    help: 'Click or draw on the structure; with Ctrl on what is not it. Enter takes the mask, Esc gives it up.',
  },
  { id: 'grow', name: 'Region growing', help: 'Click a seed; drag up or down to change the tolerance.' },
  { id: 'ruler', name: 'Ruler', help: 'Drag from end to end, or click both; it stays on its slice.' },
  { id: 'angle', name: 'Angle', help: 'Drag the first leg, or click its ends, then click the end of the other.' },
  { id: 'roi', name: 'ROI', help: 'Drag over an area: mean, standard deviation and area of an ellipse or box.' },
  {
    id: 'range',
    name: 'Threshold',
    help: 'Shows what lies in a range of intensities in the whole scan: label it, or let tools paint there alone.',
  },
  { id: 'window', name: 'Window from a region', help: 'Drag a box: the window spans its 1st to 99th percentile.' },
] as const;
export type ToolId = (typeof TOOLS)[number]['id'];

/** Tools that change no mask. */
export const isLooking = (tool: ToolId): boolean => LOOKING.has(tool);
const LOOKING: ReadonlySet<ToolId> = new Set(['navigate', 'range', 'window', 'ruler', 'angle', 'roi']);

export const isPainting = (tool: ToolId): boolean => tool === 'brush' || tool === 'eraser' || tool === 'threshold';

export interface ToolSettings {
  tool: ToolId;
  /** Label that tools write. */
  label: number;
  /** Brush radius, mm. */
  radius: number;
  /** Ball instead of disc. */
  ball: boolean;
  /** Threshold brush: fits the range to what is under the brush when the stroke starts. */
  adaptive: boolean;
  /** Threshold and threshold brush: intensities from low to high. */
  range: [low: number, high: number];
  /** Tools change voxels in the range alone. */
  limited: boolean;
  scissors: 'freehand' | 'rectangle' | 'ellipse';
  /** Scissors and polygon cut through every slice. */
  through: boolean;
  /** Fill and grow in 3D. */
  solid: boolean;
  /** What is painted over, apart from the label in hand. */
  over: PaintOver;
  /** Margin of Grow and Shrink, mm. */
  margin: number;
  /** Region growing: largest distance from the seed's mean, in the scan's units. */
  tolerance: number;
  /** Click to mask: a drag says it of the line, or of all that it goes around. */
  seeds: 'line' | 'lasso';
  /** What ROI draws. */
  region: 'ellipse' | 'box';
}

/** Brush radii that `[` and `]` step through, mm. */
export const RADII = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40] as const;

export function stepRadius(radius: number, way: 1 | -1): number {
  if (way === 1) return RADII.find((r) => r > radius + 1e-6) ?? RADII[RADII.length - 1];
  return RADII.findLast((r) => r < radius - 1e-6) ?? RADII[0];
}

export const DEFAULT_SETTINGS: ToolSettings = {
  tool: 'navigate',
  label: 1,
  radius: 6,
  ball: false,
  adaptive: true,
  range: [0, 1],
  limited: false,
  scissors: 'freehand',
  through: false,
  solid: false,
  over: 'all',
  margin: 1,
  tolerance: 30,
  seeds: 'line',
  region: 'ellipse',
};
