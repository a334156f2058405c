/** Operations on the mask of a large scan, worked out beside the window: one at a time, with progress, given up by Escape. */
import { doJob, type EditJob, replay } from '../../../core/edit/job.ts';
import type { CaseEditor, ComingEdit } from '../../viewer/case-editor.ts';
import { EditAnswers, isLarge } from '../../viewer/edit-answers.ts';
import type { Coming, Grow } from '../../viewer/pointer-host.ts';
import type { Outcome, Unfinished } from './unfinished.svelte.ts';

/** What is being worked out. */
export interface Work {
  readonly name: string;
  /** 0..1 */
  readonly part: number;
}

/** What it needs of the screen. */
export interface BesideHost {
  readonly editor: CaseEditor | null;
  readonly unfinished: Unfinished;
  notice: { text: string; cure: string } | null;
  refuse(error: unknown): void;
}

/** How a job is done. */
interface How {
  /** By the intensities that tools may change. */
  readonly limited?: boolean;
  /** Told whether anything changed; not where it was given up or failed. */
  ended?(changed: boolean): void;
}

export class Beside {
  work = $state.raw<Work | null>(null);
  private readonly screen: BesideHost;
  /** Counts what was given up. */
  private ended = 0;
  private readonly answers = new EditAnswers((part) => {
    if (this.work) this.work = { ...this.work, part };
  });

  constructor(screen: BesideHost) {
    this.screen = screen;
  }

  /** Whether operations on this mask are worked out beside the window. */
  private takes(editor: CaseEditor): boolean {
    return isLarge(editor.mask);
  }

  /** The case was left or another opened. */
  close(): void {
    this.ended++;
    this.work = null;
    this.answers.stop();
  }

  /** Gives up what is being worked out; false where nothing is. */
  cancel(): boolean {
    if (!this.work) return false;
    this.close();
    return true;
  }

  /** Something is being worked out: says so, and that Escape ends it. */
  private get busy(): boolean {
    if (this.work)
      this.screen.notice = {
        text: `${this.work.name} is still being worked out.`,
        cure: 'Wait for it, or stop it with Escape.',
      };
    return this.work !== null;
  }

  /** Does a job as one undo step: at once, or beside the window where the scan is large; what was drawn meanwhile stays. */
  do(name: string, job: EditJob, how: How = {}): void {
    const { editor } = this.screen;
    if (!editor || this.busy) return;
    if (this.takes(editor) && !(job.kind === 'fill' && job.normal !== null)) {
      void this.keep(name, this.asked(editor, name, job), how);
      return;
    }
    try {
      const edit = editor.apply(name, (recorder) => doJob(recorder, job, editor.voxels.scan), how.limited);
      how.ended?.(edit !== null);
    } catch (error) {
      this.screen.refuse(error);
    }
  }

  /** What a job writes on the mask as it is now. */
  private async asked(editor: CaseEditor, name: string, job: EditJob): Coming {
    this.work = { name, part: 0 };
    this.answers.begin(editor.mask, editor.protectedValues, null);
    return this.answered(job);
  }

  private async answered(job: EditJob): Coming {
    const { ended } = this;
    try {
      const edit = await this.answers.ask(job);
      if (edit === undefined) return undefined;
      if (ended === this.ended) this.work = null;
      return edit && ((recorder) => replay(recorder, edit));
    } catch (error) {
      if (ended === this.ended) this.close();
      throw error;
    }
  }

  /** Makes what is being worked out one undo step, which has its place among the steps from now on. */
  async keep(name: string, coming: Coming, how: How = {}): Promise<boolean> {
    const { editor, unfinished } = this.screen;
    if (!editor) return false;
    const place = editor.expect(name);
    const outcome = this.kept(editor, place, coming, how).finally(() => editor.giveUp(place));
    return (await unfinished.add(name, outcome, () => this.cancel())).kept;
  }

  private async kept(editor: CaseEditor, place: ComingEdit, coming: Coming, how: How): Promise<Outcome> {
    const write = await coming;
    if (write) await editor.strokeEnded();
    if (write === undefined || this.screen.editor !== editor) return { kept: false };
    const made = write && editor.arrive(place, write, how.limited);
    editor.giveUp(place);
    if (made !== undefined) how.ended?.(made !== null);
    return { kept: true };
  }

  /** Grows regions on the mask as it is now; null where that is done at once, undefined where something else is worked out. */
  grower(): Grow | null | undefined {
    const { editor } = this.screen;
    if (!editor || !this.takes(editor)) return null;
    if (this.busy) return undefined;
    this.answers.begin(editor.mask, editor.protectedValues, editor.voxels.scan);
    return (job) => {
      this.work = { name: 'Region growing', part: 0 };
      return this.answered(job);
    };
  }
}
