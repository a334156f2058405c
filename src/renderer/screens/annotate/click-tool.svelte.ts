/** Click to mask: seeds, the preview that stands in the mask until it is taken, and what a preview must leave alone. */
import { beliefOf, type Preview } from '../../../core/click/index.ts';
import type { Edit, Recorder } from '../../../core/edit/edit.ts';
import type { LabelMap, Volume } from '../../../core/volume.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import { ClickAnswers } from '../../viewer/click-answers.ts';
import type { NumberedSeed } from '../../viewer/click-worker.ts';

/** What the tool needs of the screen. */
export interface ClickHost {
  readonly editor: CaseEditor | null;
  readonly entropy: Volume<Uint8Array> | null;
  readonly tools: { readonly settings: { readonly label: number } };
  readonly labels: { readonly active: { readonly name: string; readonly locked: boolean } | null };
  revision: number;
  notice: { text: string; cure: string } | null;
  refuse(error: unknown): void;
}

/** A seed as the planes show it. */
export interface ShownSeed extends NumberedSeed {
  readonly label: number;
}

export class ClickTool {
  /** Seeds of the preview at hand, and "this" of labels taken before. */
  seeds = $state.raw<readonly ShownSeed[]>([]);
  /** An answer is being worked out. */
  busy = $state(false);
  /** Whether a preview may change what was drawn by hand. */
  overDrawn = $state(false);
  /** Milliseconds that the last preview took. */
  took = $state(0);
  /** The label of the preview; 0: there is none. */
  label = $state(0);
  readonly pending = $derived(this.label !== 0);
  private readonly screen: ClickHost;
  private editor: CaseEditor | null = null;
  private answers: ClickAnswers | null = null;
  private numbers = 0;
  /** 1 at voxels that came from here: no hand drew them. */
  private taken: Uint8Array | null = null;
  /** 1 at voxels drawn by hand, when the preview began. */
  private drawn: Uint8Array | null = null;

  constructor(screen: ClickHost) {
    this.screen = screen;
  }

  /** The case was left or another opened. */
  close(): void {
    this.answers?.stop();
    this.answers = null;
    [this.editor, this.taken, this.drawn, this.label, this.seeds, this.busy] = [null, null, null, 0, [], false];
  }

  /** Says of some voxels that they belong to the active label, or do not, and shows what follows. */
  async add(voxels: readonly number[], inside: boolean): Promise<void> {
    const { screen } = this;
    const { editor, labels, tools } = screen;
    if (!editor || voxels.length === 0) return;
    if (labels.active?.locked) {
      screen.notice = { text: `${labels.active.name} is locked.`, cure: 'Unlock it in the list of labels.' };
      return;
    }
    if (this.editor !== editor) this.close();
    if (this.pending && this.label !== tools.settings.label) this.take();
    if (!this.pending) this.begin(editor, tools.settings.label);
    this.seeds = [...this.seeds, { inside, voxels, label: this.label, number: ++this.numbers }];
    await this.show();
  }

  /** Takes the last seed back; false where there is none. */
  async removeLast(): Promise<boolean> {
    if (!this.pending) return false;
    const last = this.seeds.findLastIndex(({ label }) => label === this.label);
    this.seeds = this.seeds.filter((_, n) => n !== last);
    if (this.seeds.some(({ label }) => label === this.label)) await this.show();
    else this.cancel();
    return true;
  }

  /** Makes the preview one edit; false where there is none. */
  take(): boolean {
    const { editor, label } = this;
    if (!editor || !label) return false;
    const edit = editor.endStroke('Click to mask');
    if (edit) this.remember(edit, editor.mask);
    this.end(this.seeds.filter((seed) => seed.inside));
    return true;
  }

  /** Puts back what was there before the first seed; false where there was no preview. */
  cancel(): boolean {
    if (!this.pending) return false;
    if (this.busy) this.answers?.stop();
    this.editor?.cancelStroke();
    this.end(this.seeds.filter(({ label }) => label !== this.label));
    return true;
  }

  private end(seeds: readonly ShownSeed[]): void {
    this.label = 0;
    this.busy = false;
    this.drawn = null;
    this.seeds = seeds;
    this.screen.revision++;
  }

  private begin(editor: CaseEditor, label: number): void {
    const { scan, mask, prediction } = editor.voxels;
    this.editor = editor;
    this.label = label;
    this.taken ??= new Uint8Array(mask.data.length);
    this.drawn = drawnByHand(mask, prediction, this.taken);
    // "This" of the label itself was taken: it is in the mask now.
    this.seeds = this.seeds.filter((seed) => seed.label !== label);
    this.answers ??= new ClickAnswers(scan);
    const known = editor.statistics.total[label] > 0;
    const entropy = this.screen.entropy?.data ?? null;
    this.answers.begin(known ? beliefOf(mask, label, prediction && { mask: prediction, entropy }) : null);
    editor.beginStroke();
  }

  private async show(): Promise<void> {
    const { editor, answers, label } = this;
    if (!editor || !answers) return;
    this.busy = true;
    const from = performance.now();
    const asked = this.seeds.map(({ inside, voxels, number, label: own }) => ({
      inside: inside && own === label,
      voxels,
      number,
    }));
    try {
      const preview = await answers.preview(asked);
      if (!preview || this.editor !== editor || this.label !== label) return;
      this.took = performance.now() - from;
      editor.repaint((recorder) => this.write(recorder, preview));
      this.screen.revision++;
      this.busy = false;
    } catch (error) {
      this.busy = false;
      this.screen.refuse(error);
    }
  }

  private write(recorder: Recorder, { box, inside }: Preview): void {
    const { label, drawn, overDrawn } = this;
    const { data, size } = recorder.mask;
    let at = 0;
    for (let k = box.low[2]; k < box.high[2]; k++)
      for (let j = box.low[1]; j < box.high[1]; j++) {
        const row = size[0] * (j + size[1] * k);
        for (let v = row + box.low[0]; v < row + box.high[0]; v++) {
          const want = inside[at++];
          if (!overDrawn && drawn?.[v]) continue;
          if (want) recorder.write(v, label);
          else if (data[v] === label) recorder.write(v, 0);
        }
      }
  }

  private remember({ starts, lengths }: Edit, { data }: LabelMap): void {
    this.taken ??= new Uint8Array(data.length);
    const { taken } = this;
    for (let n = 0; n < starts.length; n++) taken.fill(1, starts[n], starts[n] + lengths[n]);
  }
}

/** What differs from the prediction, or from nothing where there is none, and did not come from clicks. */
function drawnByHand(mask: LabelMap, prediction: LabelMap | null, taken: Uint8Array): Uint8Array {
  const out = new Uint8Array(mask.data.length);
  for (let v = 0; v < out.length; v++) {
    if (mask.data[v] !== (prediction ? prediction.data[v] : 0) && !taken[v]) out[v] = 1;
  }
  return out;
}
