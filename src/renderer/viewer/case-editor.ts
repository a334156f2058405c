/** The open case: scan, mask, prediction, and every change of the mask as undoable, saveable edits. */
import {
  type DirtyBox,
  type Edit,
  type IntensityRule,
  type PaintOver,
  type Protection,
  placeOf,
  protect,
  Recorder,
  rebased,
} from '../../core/edit/edit.ts';
import { History } from '../../core/edit/history.ts';
import { drawnByStroke } from '../../core/edit/not-drawn.ts';
import { MaskStatistics } from '../../core/edit/statistics.ts';
import { type LabelMap, NOT_DRAWN, type Volume } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';

export interface CaseVoxels {
  readonly scan: Volume;
  readonly mask: LabelMap;
  /** The untouched prediction, where there is one. */
  readonly prediction: LabelMap | null;
  /** Known to be so: nothing was ever drawn or predicted. */
  readonly empty?: boolean;
}

export interface EditorListener {
  /** Voxels in these boxes changed: during a stroke and after every edit. */
  painted(boxes: readonly DirtyBox[]): void;
  /** A finished edit, undo or redo: what to save; without voxels where one is awaited. */
  changed(edit: Edit): void;
}

/** An edit that is being worked out beside the window. */
export interface ComingEdit {
  /** Its place in the row of steps. */
  readonly edit: Edit;
  /** What could be redone until it was asked for, the next one last. */
  readonly undone: readonly Edit[];
}

export class CaseEditor {
  voxels: CaseVoxels;
  readonly statistics: MaskStatistics;
  readonly history = new History();
  private readonly listener: EditorListener;
  private locked: readonly number[] = [];
  private rule: { over: PaintOver; active: number } = { over: 'all', active: 0 };
  private protection: Protection = protect([]);
  /** Intensities that tools change voxels of; null: all. */
  private limit: readonly [number, number] | null = null;
  private stroke: Recorder | null = null;
  /** Those who wait for the end of the stroke. */
  private readonly waiting: (() => void)[] = [];

  constructor(voxels: CaseVoxels, listener: EditorListener) {
    this.voxels = voxels;
    this.statistics = new MaskStatistics(voxels.mask, voxels.empty);
    this.listener = listener;
  }

  /** Tools that look at intensities look at these from now on. */
  show(scan: Volume): void {
    this.voxels = { ...this.voxels, scan };
  }

  get mask(): LabelMap {
    return this.voxels.mask;
  }
  get painting(): boolean {
    return this.stroke !== null;
  }

  /** Resolves once no stroke is open. */
  async strokeEnded(): Promise<void> {
    while (this.stroke) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private closeStroke(): void {
    this.stroke = null;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Labels that no edit changes. */
  setLocked(values: Iterable<number>): void {
    this.locked = [...values];
    this.protect();
  }

  /** What tools may paint over while they paint the label `active`. */
  setPaintOver(over: PaintOver, active: number): void {
    this.rule = { over, active };
    this.protect();
  }

  /** Tools change voxels of these intensities alone; null: of all. */
  setLimit(limit: readonly [number, number] | null): void {
    this.limit = limit;
  }

  private get within(): IntensityRule | null {
    return this.limit && { scan: this.voxels.scan, low: this.limit[0], high: this.limit[1] };
  }

  /** What no edit changes now: for edits that are worked out elsewhere. */
  get protectedValues(): Protection {
    return this.protection;
  }

  private protect(): void {
    this.protection = protect(this.locked, this.rule.over, this.rule.active);
  }

  isLocked(value: number): boolean {
    return this.locked.includes(value);
  }

  /**
   * Starts a stroke; what `paint` writes shows at once and becomes one undo step at `endStroke`.
   * @param limited by the intensities that tools may change
   */
  beginStroke(limited = false): void {
    this.stroke ??= new Recorder(this.mask, this.protection, limited ? this.within : null);
  }

  paint(act: (recorder: Recorder) => void): void {
    if (!this.stroke) return;
    act(this.stroke);
    const boxes = this.stroke.fresh();
    if (boxes.length) this.listener.painted(boxes);
  }

  /** Puts back what the stroke wrote and writes anew: a preview that changes until `endStroke`. */
  repaint(act: (recorder: Recorder) => void): void {
    if (!this.stroke) return;
    const boxes = this.stroke.cancel();
    act(this.stroke);
    boxes.push(...this.stroke.fresh());
    if (boxes.length) this.listener.painted(boxes);
  }

  cancelStroke(): void {
    const boxes = this.stroke?.cancel();
    this.closeStroke();
    if (boxes?.length) this.listener.painted(boxes);
  }

  endStroke(name: string): Edit | null {
    if (this.stroke && this.partlyDrawn) drawnByStroke(this.stroke);
    const edit = this.stroke?.finish(name) ?? null;
    this.closeStroke();
    if (edit) this.keep(edit);
    return edit;
  }

  /**
   * One whole operation as one undo step; null where it changed nothing. An error in it changes nothing either.
   * @param limited as of `beginStroke`
   * @throws edit/stroke-open while a stroke is not finished
   */
  apply(name: string, act: (recorder: Recorder) => void, limited = false): Edit | null {
    const edit = this.record(name, act, limited);
    if (edit) this.keep(edit);
    return edit;
  }

  /** Writes into the mask; the step is in no row yet. */
  private record(name: string, act: (recorder: Recorder) => void, limited: boolean): Edit | null {
    if (this.stroke)
      throw new DecileError(
        'edit/stroke-open',
        `${name} must come after a stroke, got one that is not finished.`,
        'Finish it, or give it up with Escape.',
      );
    const recorder = new Recorder(this.mask, this.protection, limited ? this.within : null);
    try {
      act(recorder);
      if (this.partlyDrawn) drawnByStroke(recorder);
    } catch (error) {
      recorder.cancel();
      throw error;
    }
    return recorder.finish(name);
  }

  /**
   * Holds a place in the row of steps for an edit that is worked out beside the window. It can be undone and redone before its voxels
   * are there; `arrive` or `giveUp` ends it.
   */
  expect(name: string): ComingEdit {
    const coming = { edit: placeOf(name), undone: [...this.history.kept.undone] };
    this.keep(coming.edit);
    return coming;
  }

  /**
   * Gives an edit that was awaited its voxels, in its place: what was done since lies over it, and what was undone since stays undone.
   * @param act writes on the mask as it was when the edit was asked for
   * @param limited as of `beginStroke`
   * @returns null where it changed nothing; undefined where it was undone and another edit took its place
   * @throws edit/stroke-open while a stroke is not finished
   */
  arrive(coming: ComingEdit, act: (recorder: Recorder) => void, limited = false): Edit | null | undefined {
    const { history } = this;
    const place = history.placeOf(coming.edit);
    if (place === null) return undefined;
    const { current } = history;
    if (!this.stroke) this.goTo(place);
    let edit: Edit | null = null;
    try {
      edit = this.record(coming.edit.name, act, limited);
    } catch (error) {
      this.goTo(current);
      if (!this.stroke) this.giveUp(coming);
      throw error;
    }
    if (!edit) {
      this.goTo(current);
      this.giveUp(coming);
      return null;
    }
    history.replaceNext(edit);
    this.redo();
    for (let next = history.next; next; next = history.next) {
      history.replaceNext(rebased(this.mask, next));
      this.redo();
    }
    this.goTo(current);
    return edit;
  }

  /** Takes an edit that is awaited out of the row; what it had ended can be redone again where nothing was done since. */
  giveUp({ edit, undone }: ComingEdit): void {
    const { history } = this;
    const place = history.placeOf(edit);
    if (place === null) return;
    const { done, undone: since } = history.kept;
    const last = place === done.length + since.length - 1;
    const others = (steps: readonly Edit[]) => steps.filter((step) => step !== edit);
    history.restore(others(done), [...(last ? undone : []), ...others(since)]);
    this.listener.changed(edit);
  }

  /** Undoes or redoes until so many steps are in force, or a stroke is in the way. */
  goTo(steps: number): void {
    const { history } = this;
    while (history.current > steps && this.undo());
    while (history.current < steps && this.redo());
  }

  private get partlyDrawn(): boolean {
    return this.statistics.total[NOT_DRAWN] > 0;
  }

  undo(): Edit | null {
    return this.step(this.stroke ? null : this.history.undo(this.mask), -1);
  }

  redo(): Edit | null {
    return this.step(this.stroke ? null : this.history.redo(this.mask), 1);
  }

  private keep(edit: Edit): void {
    this.history.push(edit);
    this.step(edit, 1);
  }

  /** Tells of a step that was done or undone. */
  private step(edit: Edit | null, way: 1 | -1): Edit | null {
    if (!edit) return null;
    this.statistics.follow(edit, way);
    if (edit.boxes.length) this.listener.painted(edit.boxes);
    this.listener.changed(edit);
    return edit;
  }
}
