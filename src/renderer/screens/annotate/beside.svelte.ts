/** Operations on the mask of a large scan, worked out beside the window: one at a time, with progress, given up by Escape. */
import { doJob, type EditJob, replay } from '../../../core/edit/job.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import { EditAnswers, isLarge } from '../../viewer/edit-answers.ts';
import type { Grow } from '../../viewer/pointer-host.ts';

/** What is being worked out. */
export interface Work {
  readonly name: string;
  /** 0..1 */
  readonly part: number;
}

/** What it needs of the screen. */
export interface BesideHost {
  readonly editor: CaseEditor | null;
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
      void this.run(editor, name, job, how);
      return;
    }
    try {
      const edit = editor.apply(name, (recorder) => doJob(recorder, job, editor.voxels.scan), how.limited);
      how.ended?.(edit !== null);
    } catch (error) {
      this.screen.refuse(error);
    }
  }

  private async run(editor: CaseEditor, name: string, job: EditJob, { ended, limited }: How): Promise<void> {
    const { screen } = this;
    this.work = { name, part: 0 };
    const place = editor.expect(name);
    try {
      this.answers.begin(editor.mask, editor.protectedValues, null);
      const edit = await this.answers.ask(job);
      if (edit) await editor.strokeEnded();
      if (edit === undefined || screen.editor !== editor) {
        editor.giveUp(place);
        return;
      }
      this.work = null;
      const made = edit && editor.arrive(place, (recorder) => replay(recorder, edit), limited);
      editor.giveUp(place);
      if (made !== undefined) ended?.(made !== null);
    } catch (error) {
      editor.giveUp(place);
      this.close();
      if (screen.editor === editor) screen.refuse(error);
    }
  }

  /** Grows regions on the mask as it is now; null where that is done at once. */
  grower(): Grow | null {
    const { editor } = this.screen;
    if (!editor || !this.takes(editor) || this.busy) return null;
    this.answers.begin(editor.mask, editor.protectedValues, editor.voxels.scan);
    return async (job) => {
      this.work = { name: 'Region growing', part: 0 };
      try {
        const edit = await this.answers.ask(job);
        if (edit !== undefined) this.work = null;
        return edit && ((recorder) => replay(recorder, edit));
      } catch (error) {
        this.work = null;
        if (this.screen.editor === editor) this.screen.refuse(error);
        return null;
      }
    };
  }
}
