/** Click to mask: seeds, the preview that stands in the mask until it is taken, and what a preview must leave alone. */
import { beliefOf, type Preview } from '../../../core/click/index.ts';
import type { Recorder } from '../../../core/edit/edit.ts';
import type { Volume } from '../../../core/volume.ts';
import type { CaseEditor, ComingEdit } from '../../viewer/case-editor.ts';
import { ClickAnswers } from '../../viewer/click-answers.ts';
import type { NumberedSeed } from '../../viewer/click-worker.ts';
import { CLICK_EDIT, drawnByHand } from '../../viewer/drawn-by-hand.ts';
import type { Outcome, Unfinished } from './unfinished.svelte.ts';

/** What the tool needs of the screen. */
export interface ClickHost {
  readonly editor: CaseEditor | null;
  readonly entropy: Volume<Uint8Array> | null;
  readonly tools: { readonly settings: { readonly label: number } };
  readonly labels: { readonly active: { readonly name: string; readonly locked: boolean } | null };
  readonly unfinished: Unfinished;
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
  /** Seeds of the preview at hand that were taken back, the last one at the end. */
  takenBack = $state.raw<readonly ShownSeed[]>([]);
  /** The answer that is being worked out. */
  private coming: Promise<Preview | null> | null = null;
  /** Done once the mask is there that was taken before its answer came; null: none was. */
  private owed: Promise<unknown> | null = null;
  /** How much waits for it. */
  private waiting = 0;
  /** 1 at voxels drawn by hand, when the preview began. */
  private drawn: Uint8Array | null = null;

  constructor(screen: ClickHost) {
    this.screen = screen;
  }

  /** The case was left or another opened. */
  close(): void {
    this.answers?.stop();
    this.answers = null;
    [this.editor, this.drawn, this.label, this.seeds, this.busy] = [null, null, 0, [], false];
    this.takenBack = [];
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
    if (this.owed) await this.behind(this.owed);
    // The preview is a stroke of its own: the one at hand ends first.
    if (!this.pending && editor.painting) await editor.strokeEnded();
    if (screen.editor !== editor) return;
    if (!this.pending) this.begin(editor, tools.settings.label);
    this.takenBack = [];
    this.seeds = [...this.seeds, { inside, voxels, label: this.label, number: ++this.numbers }];
    await this.show();
  }

  /** Takes the last seed back; false where there is none. */
  async removeLast(): Promise<boolean> {
    if (!this.pending) return false;
    const last = this.seeds.findLastIndex(({ label }) => label === this.label);
    this.takenBack = [...this.takenBack, this.seeds[last]];
    this.seeds = this.seeds.filter((_, n) => n !== last);
    if (this.seeds.some(({ label }) => label === this.label)) await this.show();
    else this.cancel();
    return true;
  }

  /** Puts the seed back that was taken back last; where there is none, says what stands in the way of redoing an edit. */
  async putBack(): Promise<void> {
    const seed = this.takenBack.at(-1);
    if (!seed) {
      this.screen.notice = {
        text: 'Redo must come after the mask of the clicks, got one that is not taken yet.',
        cure: 'Take it with Enter, or give it up with Escape.',
      };
      return;
    }
    this.takenBack = this.takenBack.slice(0, -1);
    this.seeds = [...this.seeds, seed];
    await this.show();
  }

  /** Makes the preview one edit, at once or as soon as it has been worked out; false where there is none. */
  take(): boolean {
    const { editor, label, coming } = this;
    if (!editor || !label) return false;
    if (this.busy && coming) {
      editor.cancelStroke();
      const place = editor.expect(CLICK_EDIT);
      const taken = this.takeOnceThere(editor, place, label, coming).finally(() => {
        editor.giveUp(place);
        this.owed = null;
      });
      this.owed = this.screen.unfinished.add(CLICK_EDIT, taken, () => this.answers?.stop());
    } else editor.endStroke(CLICK_EDIT);
    this.end(this.seeds.filter((seed) => seed.inside));
    return true;
  }

  /** Takes the preview and does `act` once it is part of the mask: at once, or, where the case is still open, when its answer is there. */
  takeThen(act: () => void): void {
    this.take();
    const { editor } = this.screen;
    if (!this.owed) act();
    else
      void this.behind(this.owed).then(() => {
        if (this.screen.editor === editor) act();
      });
  }

  /** Something waits for the mask that was taken: what is pressed now comes after it. */
  get waits(): boolean {
    return this.waiting > 0;
  }

  private behind(owed: Promise<unknown>): Promise<void> {
    this.waiting++;
    return owed.then(() => {
      this.waiting--;
    });
  }

  private async takeOnceThere(
    editor: CaseEditor,
    place: ComingEdit,
    label: number,
    coming: Promise<Preview | null>,
  ): Promise<Outcome> {
    const preview = await coming;
    await editor.strokeEnded();
    if (!preview || this.editor !== editor) return { kept: false };
    editor.arrive(place, (recorder) => this.write(recorder, preview, label, drawnByHand(editor)));
    return { kept: true };
  }

  /** Puts back what was there before the first seed; false where there was no preview. */
  cancel(): boolean {
    if (this.owed) {
      this.answers?.stop();
      return true;
    }
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
    this.takenBack = [];
    this.seeds = seeds;
    this.screen.revision++;
  }

  private begin(editor: CaseEditor, label: number): void {
    const { scan, mask, prediction } = editor.voxels;
    this.editor = editor;
    this.label = label;
    this.drawn = drawnByHand(editor);
    // "This" of the label itself was taken: it is in the mask now. What was undone or erased since says nothing of the others.
    this.seeds = this.seeds.filter(
      (seed) => seed.label !== label && seed.voxels.some((v) => mask.data[v] === seed.label),
    );
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
      this.coming = answers.preview(asked);
      const preview = await this.coming;
      if (!preview || this.editor !== editor || this.label !== label) return;
      this.took = performance.now() - from;
      editor.repaint((recorder) => this.write(recorder, preview, label, this.drawn));
      this.screen.revision++;
      this.busy = false;
    } catch (error) {
      // Where it was taken already, that is who says so.
      if (this.label !== label) return;
      this.busy = false;
      this.screen.refuse(error);
    }
  }

  private write(recorder: Recorder, { box, inside }: Preview, label: number, drawn: Uint8Array | null): void {
    const { overDrawn } = this;
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
}
