/** The Annotate and Review screen: one open case, and the parts that show, draw, save and judge it. */
import { offsetOf } from '../../../core/edit/planes.ts';
import { type Volume, voxelFrom } from '../../../core/volume.ts';
import type { Client, ErrorInfo, LabelInfo, SaveReceipt, ScanDetail } from '../../../shared/contract/index.ts';
import { WINDOW } from '../../../shared/this-window.ts';
import { describeError } from '../../parts/describe-error.ts';
import { CaseDisplay } from '../../viewer/case-display.ts';
import { CaseEditor } from '../../viewer/case-editor.ts';
import { type FirstSlice, type LoadedCase, loadCase } from '../../viewer/case-loader.ts';
import type { PlaneView } from '../../viewer/plane-view.ts';
import type { ToolId } from '../../viewer/tools.ts';
import { Beside } from './beside.svelte.ts';
import { CaseLabels } from './case-labels.svelte.ts';
import { CaseMemory, type CaseView } from './case-memory.ts';
import { CaseReview } from './case-review.svelte.ts';
import { CaseSaving } from './case-saving.svelte.ts';
import { Channels } from './channels.svelte.ts';
import { ClickTool } from './click-tool.svelte.ts';
import { Comparing } from './comparing.svelte.ts';
import { FollowTool } from './follow-tool.svelte.ts';
import { Hand } from './hand.svelte.ts';
import type { Heard } from './heard.ts';
import { LoadAhead } from './load-ahead.ts';
import { Look } from './look.svelte.ts';
import { Measurements } from './measurements.svelte.ts';
import { Operations } from './operations.ts';
import { Position } from './position.svelte.ts';
import { SecondScan } from './second-scan.svelte.ts';
import { ThresholdTool } from './threshold-tool.svelte.ts';
import { ToolState } from './tool-state.svelte.ts';
import { Unfinished } from './unfinished.svelte.ts';

export type Mode = 'annotate' | 'review';

/** How a case is opened. */
export interface Opening {
  readonly mode: Mode;
  readonly labels: readonly LabelInfo[];
  /** Slice along k to open at; the first flagged one or the middle without. */
  readonly slice?: number;
}

/** Waits between tries to leave a case whose strokes cannot be saved, ms. */
const AGAIN = 1000;
/** Another window's strokes of so long are shown together, ms. */
const OTHERS = 500;

export class AnnotateState {
  /** The last strokes of a screen that was left; the next case opens after them, so that it reads what they wrote. */
  private static leaving: Promise<unknown> = Promise.resolve();
  readonly client: Client;
  readonly look = new Look();
  readonly position = new Position(this.look);
  readonly tools = new ToolState();
  readonly hand = new Hand();
  readonly channels = new Channels(this);
  readonly labels = new CaseLabels(this);
  readonly saving: CaseSaving;
  readonly review = new CaseReview(this);
  readonly click = new ClickTool(this);
  readonly follow = new FollowTool(this);
  readonly measurements: Measurements = new Measurements(this);
  readonly threshold = new ThresholdTool(this);
  readonly second = new SecondScan(this);
  readonly comparing = new Comparing(this);
  readonly unfinished: Unfinished;
  readonly beside = new Beside(this);
  /** Edits of the active label by button or key. */
  readonly operations = new Operations(this);
  /** `arriving`: one slice stands on the screen while the rest of the case comes. */
  phase = $state<'loading' | 'arriving' | 'ready' | 'failed'>('loading');
  failure = $state.raw<ErrorInfo | null>(null);
  /** What was refused last, shown until the next action. */
  notice = $state.raw<{ text: string; cure: string } | null>(null);
  detail = $state.raw<ScanDetail | null>(null);
  /** Null until the whole case is there. */
  editor = $state.raw<CaseEditor | null>(null);
  /** The case as the planes show it. */
  display = $state.raw<CaseDisplay | null>(null);
  /** Uncertainty in 255ths of the most; comes after the pictures, null before and without a prediction. */
  entropy = $state.raw<Volume<Uint8Array> | null>(null);
  /** Counts finished edits: what is derived from the mask's voxels hangs on it. */
  revision = $state(0);

  readonly volumes = $derived.by((): Record<number, number> => {
    void this.revision;
    const { editor } = this;
    return Object.fromEntries(this.labels.list.map((l) => [l.value, editor?.statistics.volumeMl(l.value) ?? 0]));
  });
  readonly steps = $derived.by(() => {
    void this.revision;
    return this.editor?.history.steps ?? { names: [], current: 0 };
  });
  /** 1st and 99th of the channel on the screen. */
  readonly percentiles = $derived(
    this.channels.list[this.channels.shown]?.percentiles ?? this.detail?.percentiles ?? ([0, 1] as [number, number]),
  );
  readonly canUndo = $derived(this.click.pending || this.steps.current > 0 || this.measurements.canUndo);
  readonly canRedo = $derived(
    this.click.takenBack.length > 0 || this.steps.current < this.steps.names.length || this.measurements.canRedo,
  );

  /** Planes on the screen; a stroke tells them directly, since voxels are no reactive state. */
  readonly views = new Set<PlaneView>();
  /** The case that follows another in the list beside the screen; null where that is not known. */
  nextOf: (scan: number) => number | null = () => null;
  private opening = 0;
  private others: ReturnType<typeof setTimeout> | null = null;
  private readonly tell: Heard;
  private readonly ahead: LoadAhead;
  private readonly memory: CaseMemory;
  /** No case was shown yet: the tool in hand is the one that this case was left with. */
  private fresh = true;
  /** The case stands where it was left. */
  private returned = false;

  constructor(client: Client, tell: Heard = {}) {
    this.client = client;
    this.tell = tell;
    this.unfinished = new Unfinished(this, (edits) => tell.onunfinished?.(edits));
    this.saving = new CaseSaving(client, (error) => tell.onunsaved?.(error));
    this.ahead = new LoadAhead(client);
    this.memory = new CaseMemory(client);
  }

  /** Saves and leaves the present case, then shows another. */
  async open(scan: number, opening: Opening): Promise<void> {
    const ticket = ++this.opening;
    await AnnotateState.leaving;
    if (ticket !== this.opening) return;
    // While the disk takes nothing the old case stays on the screen, and leaves as soon as it is saved.
    while (!(await this.leave())) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      if (ticket !== this.opening) return;
    }
    if (ticket !== this.opening) return;
    this.phase = 'loading';
    [this.failure, this.notice, this.review.finished] = [null, null, false];
    const first = {
      of: (detail: ScanDetail) => firstSlice(detail, opening, this.memory.view(detail.id)),
      show: (slice: FirstSlice) => {
        if (ticket === this.opening) this.arrive(slice, opening);
      },
    };
    try {
      // Said first: from now on no round of learning changes its mask.
      const { version } = await this.client.call('review.look', { scan, window: WINDOW });
      if (ticket !== this.opening) return;
      const loaded = (await this.ahead.take(scan, version)) ?? (await loadCase(this.client, scan, { first }));
      if (ticket === this.opening) this.show(loaded, opening);
    } catch (error) {
      if (ticket !== this.opening) return;
      this.failure = describeError(error);
      this.phase = 'failed';
    }
  }

  /** One slice has come: it stands on the screen before there is anything to draw on. */
  private arrive({ detail, k, scan }: FirstSlice, opening: Opening): void {
    this.enter(detail, scan, k, opening);
    this.phase = 'arriving';
  }

  /** Everything that a case's description and a picture of it can set. */
  private enter(detail: ScanDetail, scan: Volume, k: number, { labels, slice }: Opening): void {
    this.click.close();
    this.follow.close();
    this.threshold.cancel();
    this.second.close();
    this.comparing.end();
    this.beside.close();
    this.editor = null;
    this.entropy = null;
    this.display?.close();
    this.display = new CaseDisplay(scan, detail.modality, detail.percentiles);
    this.position.enter(detail.grid, k, detail.prediction?.flagged ?? []);
    this.labels.set(labels);
    this.review.enter(detail);
    this.measurements.enter(detail);
    if (this.look.suit(detail)) this.tools.suit(detail.percentiles);
    if (this.look.main !== 'surface') this.look.main = this.position.acquisition;
    this.detail = detail;
    this.goBack(slice);
  }

  /** As the case was left, but on the slice that was asked for. */
  private goBack(slice: number | undefined): void {
    const view = this.detail && this.memory.view(this.detail.id);
    this.returned = view !== null && slice === undefined;
    if (view) {
      if (slice === undefined) this.position.moveCrosshair(view.crosshair);
      this.look.window = view.window;
      this.look.main = view.main;
      if (this.fresh) this.tools.settings = { ...this.tools.settings, ...view.tool };
    }
    this.fresh = false;
  }

  /** The case as it stands and looks now, and its undo steps. */
  remember(): Promise<void> {
    const { detail, position, look, tools } = this;
    if (detail && this.phase === 'ready')
      this.memory.keepView(detail.id, {
        ...{ crosshair: position.crosshair, window: look.window, main: look.main },
        tool: $state.snapshot(tools.settings),
      });
    return this.memory.keepSteps();
  }

  private show({ detail, voxels, entropy }: LoadedCase, opening: Opening): void {
    if (this.phase !== 'arriving')
      this.enter(detail, voxels.scan, firstSlice(detail, opening, this.memory.view(detail.id)), opening);
    const display = this.display as CaseDisplay;
    display.complete(voxels);
    const save = this.saving.start(detail, voxels.mask);
    const editor: CaseEditor = new CaseEditor(voxels, {
      painted: (boxes) => {
        display.maskChanged(boxes);
        for (const view of this.views) view.maskChanged(boxes);
      },
      changed: (edit) => {
        save(edit);
        if (this.editor !== editor) return;
        this.memory.noteEdit(detail, editor);
        this.revision++;
        this.notice = null;
        this.review.changes = null;
      },
    });
    this.editor = editor;
    void this.bringSteps(detail, editor);
    this.channels.enter(voxels.scan);
    this.labels.lock();
    if (opening.mode === 'review') this.labels.chooseOn(this.position.crosshair[2]);
    void this.showEntropy(entropy, this.returned ? [-1, -1, -1] : this.position.crosshair);
    this.revision++;
    this.phase = 'ready';
    if (opening.mode === 'review')
      void this.ahead.start(detail.id, this.nextOf(detail.id), () => this.detail?.id === detail.id);
  }

  private async bringSteps(detail: ScanDetail, editor: CaseEditor): Promise<void> {
    if (await this.memory.restoreSteps(detail, editor)) this.revision++;
  }

  /** Shows the uncertainty once it has come, and where nobody has moved yet, its worst voxel on the slice. */
  private async showEntropy(coming: LoadedCase['entropy'], start: readonly [number, number, number]): Promise<void> {
    const { editor, position } = this;
    try {
      const entropy = await coming;
      if (this.editor !== editor || !entropy) return;
      this.display?.setEntropy(entropy);
      this.entropy = entropy;
      if (position.crosshair !== start) return;
      const [ni, nj] = entropy.size;
      const first = ni * nj * start[2];
      let best = first;
      for (let v = first; v < first + ni * nj; v++) if (entropy.data[v] > entropy.data[best]) best = v;
      if (entropy.data[best]) position.moveCrosshair([(best - first) % ni, Math.floor((best - first) / ni), start[2]]);
    } catch (error) {
      if (this.editor === editor) this.refuse(error);
    }
  }

  /** The program was gone and is there again: it is told anew what this window looks at. */
  lookAgain(): void {
    if (this.detail) this.client.call('review.look', { scan: this.detail.id, window: WINDOW }).catch(() => {});
  }

  /** Everything drawn is on disk and a version of the mask; false where saving fails and the case must stay open. */
  async leave(): Promise<boolean> {
    try {
      for (const { name, error } of await this.unfinished.settled())
        if (error !== undefined) this.tell.onlost?.(name, error);
      // The hand may still be down.
      this.editor?.endStroke('Stroke');
      await this.saving.leave();
      await this.remember();
      return true;
    } catch (error) {
      this.refuse(error);
      return false;
    }
  }

  dispose(): void {
    this.opening++;
    if (this.others) clearTimeout(this.others);
    this.ahead.abort();
    this.unfinished.leave();
    this.display?.close();
    AnnotateState.leaving = this.leaveAtLast();
  }

  private async leaveAtLast(): Promise<void> {
    while (!(await this.leave())) await new Promise((resolve) => setTimeout(resolve, AGAIN));
    for (const tool of [this.click, this.follow, this.beside]) tool.close();
    // Where the program is gone, so is what it knew of this window.
    await this.client.call('review.look', { scan: null, window: WINDOW }).catch(() => {});
  }

  /** Strokes of a case are on disk: those that another window drew on this one are shown here too. */
  heard(receipt: SaveReceipt, opening: Opening): void {
    if (receipt.scan !== this.detail?.id || receipt.window === WINDOW) return;
    if (this.others) clearTimeout(this.others);
    this.others = setTimeout(() => {
      this.others = null;
      if (receipt.scan !== this.detail?.id) return;
      // The stroke at hand ends first.
      if (this.phase === 'ready' && !this.editor?.painting) void this.showOthers(receipt.scan, opening);
      else this.heard(receipt, opening);
    }, OTHERS);
  }

  private async showOthers(scan: number, opening: Opening): Promise<void> {
    const { crosshair } = this.position;
    await this.open(scan, { ...opening, slice: crosshair[2] });
    if (this.detail?.id !== scan || this.phase !== 'ready') return;
    this.position.moveCrosshair(crosshair);
    this.notice = {
      text: 'This case was drawn on in another window too.',
      cure: 'Its strokes are shown here now; draw in one window at a time.',
    };
  }

  setTool(tool: ToolId): void {
    if (tool !== this.tools.settings.tool) {
      this.notice = null;
      this.click.take();
    }
    this.tools.use(tool);
  }

  /** Takes the last point of a clicked mask back, otherwise the last measurement or edit. */
  readonly undo = (): unknown => {
    if (this.click.waits) return this.click.takeThen(() => this.undo());
    return this.click.pending ? this.click.removeLast() : this.measurements.undo() || this.editor?.undo();
  };
  /** Puts a point of a clicked mask back that was taken back, otherwise redoes the last measurement or edit that was undone. */
  readonly redo = (): unknown => {
    if (this.click.waits) return this.click.takeThen(() => this.redo());
    return this.click.pending ? this.click.putBack() : this.measurements.redo() || this.editor?.redo();
  };

  clickAtCrosshair(inside: boolean): void {
    const { editor } = this;
    if (!editor) return;
    this.setTool('click');
    void this.click.add([offsetOf(editor.mask.size, voxelFrom(this.position.crosshair))], inside);
  }

  /** Undoes or redoes until `count` steps are in force. */
  goToStep(count: number): void {
    this.click.takeThen(() => this.editor?.goTo(count));
  }

  refuse(error: unknown): void {
    const { message, cure } = describeError(error);
    this.notice = { text: message, cure };
  }

  /** Brings an older mask back as a new version, and opens the case anew with it. */
  async restoreVersion(version: number, opening: Opening): Promise<void> {
    const { detail } = this;
    if (!detail || !(await this.leave())) return;
    try {
      await this.client.call('masks.restore', { scan: detail.id, version });
    } catch (error) {
      this.refuse(error);
    }
    await this.open(detail.id, opening);
  }
}

/** Slice along k that a case opens at. */
function firstSlice({ grid, prediction }: ScanDetail, { mode, slice }: Opening, left: CaseView | null): number {
  const flagged = mode === 'review' ? prediction?.flagged[0] : undefined;
  return Math.min(grid.size[2] - 1, Math.max(0, slice ?? left?.crosshair[2] ?? flagged ?? grid.size[2] >> 1));
}
