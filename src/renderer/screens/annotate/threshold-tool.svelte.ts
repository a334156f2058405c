/** Threshold of the whole scan: what lies in the range becomes the label, a part of the slices at a time. */
import type { Recorder } from '../../../core/edit/edit.ts';
import type { Volume } from '../../../core/volume.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import type { ToolId } from '../../viewer/tools.ts';
import type { Outcome, Unfinished } from './unfinished.svelte.ts';

/** What the tool needs of the screen. */
export interface ThresholdHost {
  readonly editor: CaseEditor | null;
  readonly tools: {
    readonly settings: {
      readonly tool: ToolId;
      readonly label: number;
      readonly range: readonly [number, number];
      limited: boolean;
    };
  };
  readonly labels: { readonly active: { readonly name: string; readonly locked: boolean } | null };
  readonly unfinished: Unfinished;
  notice: { text: string; cure: string } | null;
  setTool(tool: ToolId): void;
}

/** Slices are labelled for so long before the window gets its turn, ms. */
const TURN = 12;

export class ThresholdTool {
  /** Part of the slices that are done; null: nothing is going on. */
  progress = $state<number | null>(null);
  private readonly screen: ThresholdHost;
  private ticket = 0;

  constructor(screen: ThresholdHost) {
    this.screen = screen;
  }

  /** Gives up what is going on; false where nothing is. The mask is as it was. */
  cancel(): boolean {
    this.ticket++;
    const was = this.progress !== null;
    if (was) this.screen.editor?.cancelStroke();
    this.progress = null;
    return was;
  }

  /** Labels every voxel in the range, as one undo step. */
  label(): void {
    const { editor, labels, unfinished } = this.screen;
    if (!editor || editor.painting) return;
    if (labels.active?.locked) {
      this.screen.notice = { text: `${labels.active.name} is locked.`, cure: 'Unlock it in the list of labels.' };
      return;
    }
    void unfinished.add('Threshold', this.labelled(editor), () => this.cancel());
  }

  private async labelled(editor: CaseEditor): Promise<Outcome> {
    const ticket = ++this.ticket;
    const { label, range } = this.screen.tools.settings;
    const { scan } = editor.voxels;
    const [low, high] = range;
    this.screen.notice = null;
    this.progress = 0;
    editor.beginStroke();
    for (let k = 0; k < scan.size[2]; ) {
      const until = performance.now() + TURN;
      editor.paint((recorder) => {
        for (; k < scan.size[2] && performance.now() < until; k++) labelSlice(recorder, scan, k, low, high, label);
      });
      this.progress = k / scan.size[2];
      await new Promise((next) => setTimeout(next));
      if (ticket !== this.ticket || this.screen.editor !== editor) return { kept: false };
    }
    const edit = editor.endStroke('Threshold');
    this.progress = null;
    if (!edit)
      this.screen.notice = { text: 'Threshold: nothing to change, no voxel to paint is in the range.', cure: '' };
    return { kept: true };
  }

  /** Tools paint in the range alone from now on; the brush is taken. */
  limit(): void {
    this.screen.tools.settings.limited = true;
    this.screen.setTool('brush');
  }
}

function labelSlice(
  recorder: Recorder,
  { data, size }: Volume,
  k: number,
  low: number,
  high: number,
  label: number,
): void {
  const inSlice = size[0] * size[1];
  for (let v = k * inSlice; v < (k + 1) * inSlice; v++) if (data[v] >= low && data[v] <= high) recorder.write(v, label);
}
