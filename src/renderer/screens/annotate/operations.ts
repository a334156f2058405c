/** Operations on the active label of the main plane, each one undo step; what changes nothing says so. */

import { clearSlices, combineWith, copySlice } from '../../../core/edit/combine.ts';
import { keepLargest, removeIslands } from '../../../core/edit/components.ts';
import type { Recorder } from '../../../core/edit/edit.ts';
import { fillHoles } from '../../../core/edit/flood.ts';
import { interpolateSlices } from '../../../core/edit/interpolate.ts';
import type { Plane, PlaneName } from '../../../core/edit/planes.ts';
import { growLabel, smoothLabel } from '../../../core/edit/shape.ts';
import { voxelMl } from '../../../core/volume.ts';
import type { ScanDetail } from '../../../shared/contract/index.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';

/** What operations need of the screen. */
export interface OperationsHost {
  readonly editor: CaseEditor | null;
  readonly detail: ScanDetail | null;
  readonly position: {
    readonly planes: Record<PlaneName, Plane> | null;
    readonly main: PlaneName;
    readonly crosshair: readonly [number, number, number];
  };
  readonly tools: { readonly settings: { readonly label: number } };
  readonly labels: { readonly active: { readonly name: string; readonly locked: boolean } | null };
  /** Marked slices along k, both included. */
  readonly review: { readonly selection: readonly [number, number] | null };
  notice: { text: string; cure: string } | null;
  /** A clicked mask that is not taken yet. */
  readonly click?: { take(): boolean };
  refuse(error: unknown): void;
}

export class Operations {
  private readonly screen: OperationsHost;

  constructor(screen: OperationsHost) {
    this.screen = screen;
  }

  /** An operation on the active label as one undo step, on the main plane; says so where it changed nothing. */
  private run(name: string, act: (recorder: Recorder, label: number, plane: Plane, slice: number) => void): void {
    const { screen } = this;
    const { editor, position, tools, labels } = screen;
    const { planes, crosshair, main } = position;
    if (!editor || !planes) return;
    screen.click?.take();
    if (labels.active?.locked) {
      screen.notice = { text: `${labels.active.name} is locked.`, cure: 'Unlock it in the list of labels.' };
      return;
    }
    const plane = planes[main];
    try {
      const edit = editor.apply(name, (recorder) => {
        act(recorder, tools.settings.label, plane, crosshair[plane.normal]);
      });
      screen.notice = edit ? null : { text: `${name}: nothing to change.`, cure: '' };
    } catch (error) {
      screen.refuse(error);
    }
  }

  interpolate(): void {
    this.run('Interpolate', (recorder, label, plane) => interpolateSlices(recorder, label, plane.normal));
  }

  /** Copies the label from a neighbouring slice onto this one. */
  copyFrom(way: 1 | -1): void {
    this.run('Copy slice', (recorder, label, { normal }, slice) => {
      const from = slice + way;
      if (from >= 0 && from < recorder.mask.size[normal]) {
        copySlice(recorder, recorder.mask, normal, from, slice, label);
      }
    });
  }

  clearSlice(): void {
    this.run('Erase slice', (recorder, label, { normal }, slice) => {
      clearSlices(recorder, normal, [slice, slice], label);
    });
  }

  smooth(wholeVolume: boolean): void {
    const spacing = this.screen.detail?.grid.spacing ?? [1, 1, 1];
    const sigma = Math.min(...spacing) * 1.5;
    this.run(wholeVolume ? 'Smooth 3D' : 'Smooth slice', (recorder, label, { normal }, slice) => {
      if (wholeVolume) smoothLabel(recorder, label, sigma);
      else smoothLabel(recorder, label, sigma, normal, [slice, slice]);
    });
  }

  keepLargest(): void {
    this.run('Keep largest', (recorder, label) => keepLargest(recorder, label));
  }

  /** Drops parts of less than 0.1 ml. */
  removeIslands(): void {
    const { detail } = this.screen;
    const voxels = detail ? Math.max(2, Math.round(0.1 / voxelMl(detail.grid))) : 2;
    this.run('Remove islands', (recorder, label) => removeIslands(recorder, label, voxels));
  }

  fillHoles(): void {
    this.run('Fill holes', (recorder, label, { normal }) => fillHoles(recorder, label, normal));
  }

  grow(margin: number): void {
    this.run(margin > 0 ? 'Grow 1 mm' : 'Shrink 1 mm', (recorder, label) => growLabel(recorder, label, margin));
  }

  /** Puts the prediction back on the slices at hand: the selected ones, or the present one. */
  restorePrediction(): void {
    const { screen } = this;
    const prediction = screen.editor?.voxels.prediction;
    if (!prediction) return;
    this.run('Back to prediction', (recorder, _label, { normal }, slice) => {
      const [from, to] = screen.review.selection ?? [slice, slice];
      const across = screen.review.selection ? 2 : normal;
      for (let n = from; n <= to; n++) copySlice(recorder, prediction, across, n, n, null);
    });
  }

  /** Gives all voxels of another label to the active one. */
  merge(other: number): void {
    this.run('Merge labels', (recorder, label) => combineWith(recorder, label, 'union', recorder.mask, other));
  }
}
