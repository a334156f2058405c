/** The Annotate and Review screen: one open case, its tools, its view, its saving. */
import { acquisitionPlane, type Plane, type PlaneName, planesOf } from '../../../core/edit/planes.ts';
import type { Volume } from '../../../core/volume.ts';
import type {
  Client,
  Decision,
  ErrorInfo,
  LabelInfo,
  MaskChange,
  ScanDetail,
  SliceDecision,
} from '../../../shared/contract/index.ts';
import { Autosave, type SaveState } from '../../viewer/autosave.ts';
import { CaseDisplay } from '../../viewer/case-display.ts';
import { CaseEditor } from '../../viewer/case-editor.ts';
import { type LoadedCase, loadCase, saveBoxes } from '../../viewer/case-loader.ts';
import { labelTable } from '../../viewer/palette.ts';
import type { PlaneView } from '../../viewer/plane-view.ts';
import { DEFAULT_SETTINGS, stepRadius, type ToolId, type ToolSettings } from '../../viewer/tools.ts';
import { presetsOf, type Window, type WindowPreset } from '../../viewer/window.ts';
import { describe } from './describe.ts';
import { LoadAhead } from './load-ahead.ts';
import { Operations } from './operations.ts';
import { PlaneTurns } from './plane-turns.svelte.ts';

export type Mode = 'annotate' | 'review';
export type Layout = 'single' | 'side' | 'grid';
export const LAYOUTS: readonly Layout[] = ['side', 'grid', 'single'];
export type Pane = PlaneName | 'surface';
export interface ViewLabel extends LabelInfo {
  visible: boolean;
}
type Point = [number, number, number];

export class AnnotateState {
  /** The last strokes of a screen that was left; the next case opens after them, so that it reads what they wrote. */
  private static leaving: Promise<unknown> = Promise.resolve();
  readonly client: Client;
  /** Edits of the active label by button or key. */
  readonly operations = new Operations(this);
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  failure = $state.raw<ErrorInfo | null>(null);
  /** What was refused last, shown until the next action. */
  notice = $state.raw<{ text: string; cure: string } | null>(null);
  detail = $state.raw<ScanDetail | null>(null);
  editor = $state.raw<CaseEditor | null>(null);
  /** The case as the planes show it. */
  display = $state.raw<CaseDisplay | null>(null);
  /** Uncertainty in 255ths of the most; comes after the pictures, null before and without a prediction. */
  entropy = $state.raw<Volume<Uint8Array> | null>(null);
  planes = $state.raw<Record<PlaneName, Plane> | null>(null);
  readonly turns = new PlaneTurns();
  labels = $state<ViewLabel[]>([]);
  settings = $state<ToolSettings>({ ...DEFAULT_SETTINGS });
  window = $state.raw<Window>({ level: 0, width: 1 });
  presets = $state.raw<WindowPreset[]>([]);
  /** Voxel where the planes meet. */
  crosshair = $state.raw<Point>([0, 0, 0]);
  /** The large plane, and the one that keys and strips move. */
  main = $state<Pane>('axial');
  layout = $state<Layout>('side');
  opacity = $state(0.35);
  maskOn = $state(true);
  showHeat = $state(false);
  showDifference = $state(false);
  showPredictionOutline = $state(false);
  /** The hold key is down: the untouched prediction stands in for the mask. */
  before = $state(false);
  saving = $state.raw<SaveState>({ kind: 'saved', at: null });
  /** Counts finished edits: what is derived from the mask's voxels hangs on it. */
  revision = $state(0);
  decisions = $state.raw<SliceDecision[]>([]);
  changes = $state.raw<MaskChange[] | null>(null);
  /** Slices marked for a decision on a range, both included. */
  selection = $state.raw<[number, number] | null>(null);
  busy = $state(false);
  finished = $state(false);

  readonly colours = $derived(
    labelTable(this.labels.map((l) => ({ value: l.value, colour: l.colour, visible: l.visible && this.maskOn }))),
  );
  readonly activeLabel = $derived(this.labels.find((l) => l.value === this.settings.label) ?? null);
  readonly flagged = $derived((this.detail?.prediction?.flagged ?? []).toSorted((a, b) => a - b));
  readonly mainPlane = $derived.by(
    (): PlaneName => (this.main === 'surface' ? (this.planes ? acquisitionPlane(this.planes) : 'axial') : this.main),
  );
  readonly volumes = $derived.by((): Record<number, number> => {
    void this.revision;
    const { editor } = this;
    return Object.fromEntries(this.labels.map((l) => [l.value, editor?.statistics.volumeMl(l.value) ?? 0]));
  });
  readonly steps = $derived.by(() => {
    void this.revision;
    return this.editor?.history.steps ?? { names: [], current: 0 };
  });
  readonly canUndo = $derived(this.steps.current > 0);
  readonly canRedo = $derived(this.steps.current < this.steps.names.length);

  /** Planes on the screen; a stroke tells them directly, since voxels are no reactive state. */
  readonly views = new Set<PlaneView>();
  private autosave: Autosave | null = null;
  private edited = false;
  private lastTool: ToolId = 'brush';
  private opening = 0;
  private readonly ahead: LoadAhead;
  /** Hears why strokes are not on disk, null when they are; goes on after the screen was left. */
  private readonly onunsaved: (error: ErrorInfo | null) => void;

  constructor(client: Client, onunsaved: (error: ErrorInfo | null) => void = () => {}) {
    this.client = client;
    this.onunsaved = onunsaved;
    this.ahead = new LoadAhead(client);
  }

  /** Saves and leaves the present case, then shows another. */
  async open(scan: number, mode: Mode, labels: readonly LabelInfo[]): Promise<void> {
    const ticket = ++this.opening;
    await AnnotateState.leaving;
    if (ticket !== this.opening) return;
    // While the disk takes nothing the old case stays on the screen, and leaves as soon as it is saved.
    while (!(await this.leave())) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (ticket !== this.opening) return;
    }
    if (ticket !== this.opening) return;
    this.phase = 'loading';
    [this.failure, this.notice, this.finished] = [null, null, false];
    try {
      const loaded = await (this.ahead.take(scan) ?? loadCase(this.client, scan));
      if (ticket === this.opening) this.show(loaded, mode, labels);
    } catch (error) {
      if (ticket !== this.opening) return;
      this.failure = describe(error);
      this.phase = 'failed';
    }
  }

  private show({ detail, voxels, entropy }: LoadedCase, mode: Mode, labels: readonly LabelInfo[]): void {
    const fresh = !this.presets.length || this.detail?.modality !== detail.modality || detail.modality !== 'CT';
    this.edited = false;
    this.planes = planesOf(detail.grid);
    this.turns.reset(detail.grid, this.planes);
    this.setLabels(labels);
    this.autosave = new Autosave(
      voxels.mask,
      (boxes) => saveBoxes(this.client, detail, boxes),
      (state) => {
        this.saving = state;
        this.onunsaved(state.kind === 'failed' ? state.error : null);
      },
    );
    const autosave = this.autosave;
    this.display?.close();
    const display = new CaseDisplay(voxels, detail.modality, detail.percentiles);
    this.display = display;
    this.editor = new CaseEditor(voxels, {
      painted: (boxes) => {
        display.maskChanged(boxes);
        for (const view of this.views) view.maskChanged();
      },
      changed: (boxes) => {
        this.edited = true;
        this.revision++;
        this.notice = null;
        this.changes = null;
        autosave.note(boxes);
      },
    });
    this.syncLocks();
    this.detail = detail;
    this.decisions = detail.slices;
    this.changes = null;
    this.selection = null;
    this.saving = { kind: 'saved', at: null };
    if (fresh) {
      this.presets = presetsOf(detail.modality, detail.percentiles);
      this.window = this.presets[0];
      const [low, high] = detail.percentiles;
      this.settings.range = [Math.round(low + (high - low) * 0.4), Math.round(high)];
      this.settings.tolerance = Math.max(1, Math.round((high - low) * 0.06));
    }
    if (this.main !== 'surface') this.main = acquisitionPlane(this.planes);
    const k = mode === 'review' ? detail.prediction?.flagged[0] : undefined;
    const [ni, nj, nk] = detail.grid.size;
    this.crosshair = [ni >> 1, nj >> 1, k ?? nk >> 1];
    if (mode === 'review') this.chooseLabelOn(this.crosshair[2]);
    this.entropy = null;
    void this.showEntropy(entropy, this.crosshair);
    this.revision++;
    this.phase = 'ready';
    if (mode === 'review') void this.ahead.start(detail.id, () => this.detail?.id === detail.id);
  }

  /** The label to correct is most likely the one that fills most of the slice. */
  private chooseLabelOn(k: number): void {
    const counts = this.editor?.statistics.perSlice;
    if (!counts) return;
    const largest = this.labels.reduce((a, b) => (counts[b.value + 256 * k] > counts[a.value + 256 * k] ? b : a));
    if (counts[largest.value + 256 * k]) this.settings.label = largest.value;
  }

  /** Shows the uncertainty once it has come, and where nobody has moved yet, its worst voxel on the slice. */
  private async showEntropy(coming: LoadedCase['entropy'], start: Point): Promise<void> {
    const { editor } = this;
    try {
      const entropy = await coming;
      if (this.editor !== editor || !entropy) return;
      this.display?.setEntropy(entropy);
      this.entropy = entropy;
      if (this.crosshair !== start) return;
      const [ni, nj] = entropy.size;
      const first = ni * nj * start[2];
      let best = first;
      for (let v = first; v < first + ni * nj; v++) if (entropy.data[v] > entropy.data[best]) best = v;
      if (entropy.data[best]) this.crosshair = [(best - first) % ni, Math.floor((best - first) / ni), start[2]];
    } catch (error) {
      if (this.editor === editor) this.refuse(error);
    }
  }

  /** Everything drawn is on disk and a version of the mask; false where saving fails and the case must stay open. */
  async leave(): Promise<boolean> {
    const { autosave, detail } = this;
    if (!autosave || !detail) return true;
    try {
      await autosave.flush();
      if (this.edited) await this.client.call('masks.commit', { scan: detail.id });
      this.edited = false;
    } catch (error) {
      this.refuse(error);
      return false;
    }
    autosave.dispose();
    this.autosave = null;
    return true;
  }

  /** True while a stroke is not on disk: the window must not close without asking. */
  get unsaved(): boolean {
    return this.autosave?.pending ?? false;
  }

  dispose(): void {
    this.ahead.abort();
    this.display?.close();
    AnnotateState.leaving = this.leaveAtLast();
  }

  private async leaveAtLast(): Promise<void> {
    while (!(await this.leave())) await new Promise((resolve) => setTimeout(resolve, 1000));
  }

  setLabels(labels: readonly LabelInfo[]): void {
    const hidden = new Set(this.labels.filter((l) => !l.visible).map((l) => l.value));
    this.labels = labels.map((l) => ({ ...l, visible: !hidden.has(l.value) }));
    if (!this.labels.some((l) => l.value === this.settings.label)) this.settings.label = this.labels[0]?.value ?? 1;
    this.syncLocks();
  }

  toggleVisible(value: number): void {
    const label = this.labels.find((l) => l.value === value);
    if (label) label.visible = !label.visible;
  }

  /** Locks, colours and names belong to the project: they are kept there. */
  async changeLabel(value: number, change: Partial<Pick<LabelInfo, 'locked' | 'colour' | 'name'>>): Promise<void> {
    const label = this.labels.find((l) => l.value === value);
    if (!label) return;
    Object.assign(label, change);
    this.syncLocks();
    const labels = this.labels.map(({ visible: _, ...info }) => $state.snapshot(info));
    try {
      await this.client.call('projects.setLabels', { labels });
    } catch (error) {
      this.refuse(error);
    }
  }

  private syncLocks(): void {
    this.editor?.setLocked(this.labels.filter((l) => l.locked).map((l) => l.value));
  }

  setTool(tool: ToolId): void {
    if (tool === this.settings.tool) return;
    this.lastTool = this.settings.tool;
    this.settings.tool = tool;
    this.notice = null;
  }

  swapTool(): void {
    this.setTool(this.lastTool);
  }

  stepRadius(way: 1 | -1): void {
    this.settings.radius = stepRadius(this.settings.radius, way);
  }

  stepLabel(way: 1 | -1): void {
    const at = this.labels.findIndex((l) => l.value === this.settings.label);
    const next = this.labels[(at + way + this.labels.length) % this.labels.length];
    if (next) this.settings.label = next.value;
  }

  sliceOf(name: PlaneName): number {
    return this.planes ? this.crosshair[this.planes[name].normal] : 0;
  }

  /** Slices of a plane. */
  slices(name: PlaneName): number {
    return this.planes && this.detail ? this.detail.grid.size[this.planes[name].normal] : 0;
  }

  goTo(name: PlaneName, slice: number): void {
    if (!this.planes) return;
    const at: Point = [...this.crosshair];
    at[this.planes[name].normal] = Math.min(this.slices(name) - 1, Math.max(0, Math.round(slice)));
    this.crosshair = at;
  }

  goToK(k: number): void {
    if (this.planes) this.goTo(acquisitionPlane(this.planes), k);
  }

  moveCrosshair(index: readonly [number, number, number]): void {
    const size = this.detail?.grid.size;
    if (!size) return;
    this.crosshair = index.map((c, axis) => Math.min(size[axis] - 1, Math.max(0, Math.round(c)))) as Point;
  }

  /** The next flagged slice after the present one, round and round. */
  goToFlagged(way: 1 | -1): void {
    const { flagged } = this;
    const k = this.crosshair[2];
    const next = way === 1 ? flagged.find((f) => f > k) : flagged.findLast((f) => f < k);
    const target = next ?? (way === 1 ? flagged[0] : flagged[flagged.length - 1]);
    if (target !== undefined) this.goToK(target);
  }

  usePreset(at: number): void {
    if (this.presets[at]) this.window = this.presets[at];
  }

  readonly undo = (): unknown => this.editor?.undo();
  readonly redo = (): unknown => this.editor?.redo();

  /** Undoes or redoes until `count` steps are in force. */
  goToStep(count: number): void {
    const { editor } = this;
    while (editor && editor.history.steps.current > count) editor.undo();
    while (editor && editor.history.steps.current < count && editor.history.canRedo) editor.redo();
  }

  refuse(error: unknown): void {
    const { message, cure } = describe(error);
    this.notice = { text: message, cure };
  }

  /** Decides the case or the selected slices; answers the next case, null where there is none or the case stays. */
  async decide(decision: Decision, wholeCase = true): Promise<number | null> {
    const { detail, selection } = this;
    if (!detail || this.busy) return null;
    const slices = wholeCase
      ? undefined
      : { from: selection?.[0] ?? this.crosshair[2], to: selection?.[1] ?? this.crosshair[2] };
    this.busy = true;
    try {
      await this.autosave?.flush();
      if (this.edited) await this.client.call('masks.commit', { scan: detail.id });
      this.edited = false;
      const answer = await this.client.call('review.decide', { scan: detail.id, decision, slices });
      this.decisions = answer.slices;
      this.selection = null;
      this.detail = { ...detail, state: answer.state, slices: answer.slices };
      if (!wholeCase || decision === 'correct' || decision === 'reopen') return null;
      this.finished = answer.next === null;
      return answer.next;
    } catch (error) {
      this.refuse(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** Brings an older mask back as a new version, and opens the case anew with it. */
  async restoreVersion(version: number, mode: Mode, labels: readonly LabelInfo[]): Promise<void> {
    const { detail } = this;
    if (!detail || !(await this.leave())) return;
    try {
      await this.client.call('masks.restore', { scan: detail.id, version });
    } catch (error) {
      this.refuse(error);
    }
    await this.open(detail.id, mode, labels);
  }

  /** Volumes and distances between the mask and the prediction, from the saved mask. */
  async loadChanges(): Promise<void> {
    const { detail } = this;
    if (!detail?.prediction) return;
    try {
      await this.autosave?.flush();
      const changes = await this.client.call('review.changes', { scan: detail.id });
      if (this.detail?.id === detail.id) this.changes = changes;
    } catch (error) {
      this.refuse(error);
    }
  }
}
