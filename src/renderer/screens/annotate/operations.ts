/** Operations on the active label of the main plane, each one undo step; what changes nothing says so. */

import { clearSlices, combineWith, copySlice } from '../../../core/edit/combine.ts';
import { keepLargest, removeIslands } from '../../../core/edit/components.ts';
import type { PaintOver, Recorder } from '../../../core/edit/edit.ts';
import type { Gap } from '../../../core/edit/gaps.ts';
import { interpolateSlices, labelledSlices } from '../../../core/edit/interpolate.ts';
import type { EditJob } from '../../../core/edit/job.ts';
import { drawnSlice, onlyDrawnSlices } from '../../../core/edit/not-drawn.ts';
import type { Axis, Plane, PlaneName } from '../../../core/edit/planes.ts';
import { smoothLabel } from '../../../core/edit/shape.ts';
import { type LabelMap, voxelMl } from '../../../core/volume.ts';
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
  readonly tools: { readonly settings: { readonly label: number; readonly margin: number; readonly over: PaintOver } };
  readonly labels: { readonly active: { readonly name: string; readonly locked: boolean } | null };
  /** Marked slices along k, both included. */
  readonly review: { readonly selection: readonly [number, number] | null };
  notice: { text: string; cure: string } | null;
  /** Works out what takes long. */
  readonly beside: { do(name: string, job: EditJob, how: { ended(changed: boolean): void }): void };
  /** A clicked mask that is not taken yet. */
  readonly click?: { takeThen(act: () => void): void };
  refuse(error: unknown): void;
}

/** What an operation works on. */
interface At {
  readonly editor: CaseEditor;
  readonly plane: Plane;
  readonly label: number;
  readonly slice: number;
}

type Why = (mask: LabelMap, label: number, plane: Plane, slice: number) => string;

export class Operations {
  private readonly screen: OperationsHost;

  constructor(screen: OperationsHost) {
    this.screen = screen;
  }

  /**
   * An operation on the active label as one undo step, on the main plane; says so where it changed nothing.
   * @param why why it changed nothing, where the label is drawn in the scan
   */
  private run(
    name: string,
    act: (recorder: Recorder, label: number, plane: Plane, slice: number) => void,
    why: Why,
  ): void {
    this.begin((at) => {
      try {
        const edit = at.editor.apply(name, (recorder) => act(recorder, at.label, at.plane, at.slice));
        this.ended(name, at, edit !== null, why);
      } catch (error) {
        this.screen.refuse(error);
      }
    });
  }

  /** As `run`, of what takes long on a large scan. */
  private job(name: string, of: (label: number, plane: Plane) => EditJob, why: Why): void {
    this.begin((at) => {
      const ended = (changed: boolean) => this.ended(name, at, changed, why);
      this.screen.beside.do(name, of(at.label, at.plane), { ended });
    });
  }

  /** Does `act` on what is operated on, once a clicked mask is part of it. */
  private begin(act: (at: At) => void): void {
    const then = () => {
      const at = this.at();
      if (at) act(at);
    };
    const { click } = this.screen;
    if (click) click.takeThen(then);
    else then();
  }

  /** What is operated on; null where nothing can be. */
  private at(): At | null {
    const { screen } = this;
    const { editor, position, tools, labels } = screen;
    const { planes, crosshair, main } = position;
    if (!editor || !planes) return null;
    if (labels.active?.locked) {
      screen.notice = { text: `${labels.active.name} is locked.`, cure: 'Unlock it in the list of labels.' };
      return null;
    }
    const plane = planes[main];
    return { editor, plane, label: tools.settings.label, slice: crosshair[plane.normal] };
  }

  private ended(name: string, { editor, label, plane, slice }: At, changed: boolean, why: Why): void {
    const { screen } = this;
    if (changed) {
      screen.notice = null;
      return;
    }
    const drawn = editor.statistics.total[label] > 0;
    const reason = drawn ? why(editor.mask, label, plane, slice) : 'it is not drawn in this scan';
    screen.notice = { text: `${name}: nothing to change, ${reason}.`, cure: this.otherRule };
  }

  interpolate(): void {
    this.job(
      'Interpolate',
      (label, { normal }) => ({ kind: 'interpolate', label, normal }),
      (mask, label, plane) => {
        const slices = labelledSlices(mask, label, plane.normal);
        if (slices.length === 1) return `only slice ${slices[0] + 1} of the large plane is drawn; draw another one`;
        const empty = slices[slices.length - 1] - slices[0] + 1 - slices.length;
        return empty === 0 ? 'no slice of the large plane is empty between drawn ones' : 'other labels lie in between';
      },
    );
  }

  /** Fills what Done found empty: each label across the axis that it was drawn along. False where nothing could be; it says why. */
  fillGaps(gaps: readonly Gap[]): boolean {
    const { screen } = this;
    try {
      const edit = screen.editor?.apply('Interpolate', (recorder) => {
        for (const { label, normal } of gaps) interpolateSlices(recorder, label, normal);
      });
      if (!edit) screen.notice = { text: 'Interpolate: nothing could be filled.', cure: this.otherRule };
      return edit != null;
    } catch (error) {
      screen.refuse(error);
      return false;
    }
  }

  /** What keeps the background as it is, with its cure; empty where nothing does. */
  private get otherRule(): string {
    return typeof this.screen.tools.settings.over === 'string'
      ? ''
      : 'One label alone may be painted over: choose "everything" at Paint over.';
  }

  /** What Done was told: slices across `normal` without a label were not drawn. False where that could not be kept; it says why. */
  onlyDrawnSlices(normal: Axis): boolean {
    try {
      this.screen.editor?.apply('Only drawn slices', (recorder) => onlyDrawnSlices(recorder, normal));
      return true;
    } catch (error) {
      this.screen.refuse(error);
      return false;
    }
  }

  /** Copies the label from a neighbouring slice onto this one. */
  copyFrom(way: 1 | -1): void {
    this.run(
      'Copy slice',
      (recorder, label, { normal }, slice) => {
        const from = slice + way;
        if (from >= 0 && from < recorder.mask.size[normal]) {
          copySlice(recorder, recorder.mask, normal, from, slice, label);
        }
      },
      whyNotCopied(way),
    );
  }

  /** Erases the label; a slice that nobody drew is then said to be empty. */
  clearSlice(): void {
    this.run(
      'Erase slice',
      (recorder, label, { normal }, slice) => {
        clearSlices(recorder, normal, [slice, slice], label);
        drawnSlice(recorder, normal, slice);
      },
      () => 'it is not on this slice',
    );
  }

  smooth(wholeVolume: boolean): void {
    const spacing = this.screen.detail?.grid.spacing ?? [1, 1, 1];
    const sigma = Math.min(...spacing) * 1.5;
    if (wholeVolume)
      this.job(
        'Smooth 3D',
        (label) => ({ kind: 'smooth', label, sigma }),
        () => 'it is smooth already',
      );
    else
      this.run(
        'Smooth slice',
        (recorder, label, { normal }, slice) => smoothLabel(recorder, label, sigma, normal, [slice, slice]),
        () => 'it is smooth on this slice, or not on it',
      );
  }

  keepLargest(): void {
    this.run(
      'Keep largest',
      (recorder, label) => keepLargest(recorder, label),
      () => 'it is one part',
    );
  }

  /** Drops parts of less than 0.1 ml. */
  removeIslands(): void {
    const { detail } = this.screen;
    const voxels = detail ? Math.max(2, Math.round(0.1 / voxelMl(detail.grid))) : 2;
    this.run(
      'Remove islands',
      (recorder, label) => removeIslands(recorder, label, voxels),
      () => 'no part is smaller than 0.1 ml',
    );
  }

  fillHoles(): void {
    this.job(
      'Fill holes',
      (label, { normal }) => ({ kind: 'holes', label, normal }),
      () => 'it encloses no background',
    );
  }

  /** Grows (1) or shrinks (-1) by the margin that is set, by a voxel at least. */
  grow(way: 1 | -1): void {
    const { detail, tools } = this.screen;
    const margin = Math.max(tools.settings.margin, Math.min(...(detail?.grid.spacing ?? [0])));
    this.job(
      `${way > 0 ? 'Grow' : 'Shrink'} ${Number(margin.toFixed(2))} mm`,
      (label) => ({ kind: 'grow', label, margin: way * margin }),
      () => (way > 0 ? 'other labels are all around it' : 'nothing but it is in the scan'),
    );
  }

  /** Puts the prediction back on the slices at hand: the selected ones, or the present one. */
  restorePrediction(): void {
    const { screen } = this;
    const prediction = screen.editor?.voxels.prediction;
    if (!prediction) return;
    this.run(
      'Back to prediction',
      (recorder, _label, { normal }, slice) => {
        const [from, to] = screen.review.selection ?? [slice, slice];
        const across = screen.review.selection ? 2 : normal;
        for (let n = from; n <= to; n++) copySlice(recorder, prediction, across, n, n, null);
      },
      () => 'the mask is as predicted here',
    );
  }

  /** Gives all voxels of another label to the active one. */
  merge(other: number): void {
    this.run(
      'Merge labels',
      (recorder, label) => combineWith(recorder, label, 'union', recorder.mask, other),
      () => 'the other label is not drawn',
    );
  }
}

/** Why copying from the slice before (-1) or after (1) changed nothing. */
const whyNotCopied =
  (way: 1 | -1) =>
  (mask: LabelMap, label: number, { normal }: Plane, slice: number): string => {
    const from = slice + way;
    if (from < 0 || from >= mask.size[normal])
      return `there is no slice ${way < 0 ? 'before the first' : 'after the last'}`;
    if (!labelledSlices(mask, label, normal).includes(from)) return `it is not on slice ${from + 1}`;
    return 'this slice has it already';
  };
