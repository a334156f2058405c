/** Interpolation along the image: worked out beside the window, one undo step, and where to draw next. */
import { type Fill, withoutFill } from '../../../core/between/refill.ts';
import { type Recorder, redoEdit } from '../../../core/edit/edit.ts';
import type { Plane, PlaneName } from '../../../core/edit/planes.ts';
import { isUnlabelled, type LabelMap, type Volume, type VoxelArray } from '../../../core/volume.ts';
import type { CaseEditor, ComingEdit } from '../../viewer/case-editor.ts';
import type { FollowReply, FollowRequest } from '../../viewer/follow-worker.ts';
import type { Outcome, Unfinished } from './unfinished.svelte.ts';

/** What the tool needs of the screen. */
export interface FollowHost {
  readonly editor: CaseEditor | null;
  readonly position: { readonly planes: Record<PlaneName, Plane> | null; readonly main: PlaneName };
  readonly tools: { readonly settings: { readonly label: number } };
  readonly labels: { readonly active: { readonly name: string; readonly locked: boolean } | null };
  readonly click?: { takeThen(act: () => void): void };
  readonly unfinished: Unfinished;
  notice: { text: string; cure: string } | null;
  revision: number;
}

const NAME = 'Follow the image';

export class FollowTool {
  busy = $state(false);
  /** By slice across k what is undecided, ml; null where nothing was filled across k. */
  undecided = $state.raw<Float32Array | null>(null);
  private readonly screen: FollowHost;
  private editor: CaseEditor | null = null;
  private fill: Fill | null = null;
  /** Ends the worker; what is awaited of it is given up. */
  private stop: (() => void) | null = null;

  constructor(screen: FollowHost) {
    this.screen = screen;
  }

  /** The case was left or another opened. */
  close(): void {
    this.cancel();
    [this.editor, this.fill, this.undecided] = [null, null, null];
  }

  /** Gives up what is being worked out; false where nothing is. */
  cancel(): boolean {
    const was = this.busy;
    this.busy = false;
    this.stop?.();
    return was;
  }

  /** Fills the slices of the active label between drawn ones on the main plane; a clicked mask is taken first. */
  start(): void {
    const { click } = this.screen;
    if (click) click.takeThen(() => this.run());
    else this.run();
  }

  private run(): void {
    const { screen } = this;
    const { editor, position, labels, tools } = screen;
    if (!editor || !position.planes || this.busy) return;
    if (labels.active?.locked) {
      screen.notice = { text: `${labels.active.name} is locked.`, cure: 'Unlock it in the list of labels.' };
      return;
    }
    if (this.editor !== editor) this.close();
    this.editor = editor;
    const { normal } = position.planes[position.main];
    const { label } = tools.settings;
    const drawn = withoutFill(editor.mask, this.fill, label);
    const before = editor.mask.data.slice();
    const place = editor.expect(NAME);
    this.busy = true;
    screen.notice = null;
    const kept = this.kept(editor, place, drawn, before, label, normal).finally(() => editor.giveUp(place));
    void screen.unfinished.add(NAME, kept, () => this.cancel());
  }

  private async kept(
    editor: CaseEditor,
    place: ComingEdit,
    drawn: LabelMap,
    before: Uint8Array,
    label: number,
    normal: Plane['normal'],
  ): Promise<Outcome> {
    const { screen } = this;
    let filled: Answer;
    try {
      filled = await this.ask({ scan: plain(editor.voxels.scan), mask: plain(drawn), label, normal });
      if (filled !== undefined) await editor.strokeEnded();
    } catch (error) {
      this.busy = false;
      throw error;
    }
    const givenUp = !this.busy;
    this.busy = false;
    if (filled === undefined || givenUp || this.editor !== editor) return { kept: false };
    if (!filled) {
      editor.giveUp(place);
      screen.notice = { text: 'Nothing to fill: fewer than two slices are drawn.', cure: 'Draw another one.' };
      return { kept: true };
    }
    const { inside: wanted, undecided } = filled;
    const inside = new Uint8Array(wanted.length);
    const edit = editor.arrive(place, (recorder) => write(recorder, drawn, wanted, inside, label));
    if (edit === undefined) return { kept: true };
    if (edit) redoEdit({ ...editor.mask, data: before }, edit);
    this.fill = { label, normal, inside, after: before };
    this.undecided = normal === 2 ? undecided : null;
    screen.revision++;
    screen.notice = said(edit !== null, undecided);
    return { kept: true };
  }

  private ask(request: FollowRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('../../viewer/follow-worker.ts', import.meta.url), { type: 'module' });
      const end = () => {
        worker.terminate();
        this.stop = null;
      };
      this.stop = () => {
        end();
        resolve(undefined);
      };
      worker.addEventListener('message', ({ data }: MessageEvent<FollowReply>) => {
        end();
        if (data.failure === null) resolve(data.filled);
        else reject(new Error(data.failure));
      });
      worker.addEventListener('error', (event) => {
        end();
        reject(new Error(event.message));
      });
      worker.postMessage(request);
    });
  }
}

/** What was filled, null where fewer than two slices are drawn; undefined: it was given up. */
type Answer = FollowReply['filled'] | undefined;

/** A grid with voxels and nothing else: what can be sent to a worker. */
const plain = <T extends VoxelArray>({ size, spacing, origin, direction, data }: Volume<T>): Volume<T> => ({
  ...{ size, spacing, origin, direction, data },
});

/** The label where it is inside and nothing else lies, background where an earlier fill put it and this one does not. */
function write(recorder: Recorder, drawn: LabelMap, wanted: Uint8Array, inside: Uint8Array, label: number): void {
  const { data } = recorder.mask;
  for (let v = 0; v < wanted.length; v++) {
    const filledBefore = data[v] === label && drawn.data[v] !== label;
    if (wanted[v] && (filledBefore || isUnlabelled(data[v]))) {
      recorder.write(v, label);
      inside[v] = 1;
    } else if (filledBefore) recorder.write(v, 0);
  }
}

function said(changed: boolean, undecided: Float32Array): { text: string; cure: string } {
  const worst = undecided.reduce((best, ml, n) => (ml > undecided[best] ? n : best), 0);
  const text = changed ? 'The slices between drawn ones follow the image.' : 'Nothing to change.';
  return undecided[worst] > 0
    ? { text, cure: `Least sure is slice ${worst + 1}: look there first, or draw it and press again.` }
    : { text, cure: '' };
}
