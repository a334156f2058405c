/** What of the open case is on disk: strokes at once, a version of the mask when the case is left or decided. */
import type { Edit } from '../../../core/edit/edit.ts';
import type { LabelMap } from '../../../core/volume.ts';
import type { Client, ErrorInfo, ScanDetail } from '../../../shared/contract/index.ts';
import { Autosave, type SaveState } from '../../viewer/autosave.ts';
import { saveBoxes } from '../../viewer/case-loader.ts';

interface OpenMask {
  readonly scan: number;
  readonly autosave: Autosave;
  /** There are strokes that no version holds yet. */
  edited: boolean;
}

export class CaseSaving {
  state = $state.raw<SaveState>({ kind: 'saved', at: null });
  private readonly client: Client;
  /** Hears why strokes are not on disk, null when they are; goes on after the screen was left. */
  private readonly onunsaved: (error: ErrorInfo | null) => void;
  private open: OpenMask | null = null;

  constructor(client: Client, onunsaved: (error: ErrorInfo | null) => void) {
    this.client = client;
    this.onunsaved = onunsaved;
  }

  /** True while a stroke is not on disk: the window must not close without asking. */
  get pending(): boolean {
    return this.open?.autosave.pending ?? false;
  }

  /** Another case; returns what notes its strokes, which saves even those that end after the case was left. */
  start(detail: ScanDetail, mask: LabelMap): (edit: Edit) => void {
    this.state = { kind: 'saved', at: null };
    const autosave = new Autosave(
      mask,
      (boxes) => saveBoxes(this.client, detail, boxes),
      (state) => {
        if (this.open === open) this.state = state;
        this.onunsaved(state.kind === 'failed' ? state.error : null);
      },
    );
    const open: OpenMask = { scan: detail.id, autosave, edited: false };
    this.open = open;
    return (edit) => {
      if (edit.changed === 0) return;
      open.edited = true;
      autosave.note(edit);
    };
  }

  /** Resolves when every stroke is on disk; rejects where one cannot be saved. */
  async flush(): Promise<void> {
    await this.open?.autosave.flush();
  }

  /** Strokes and a version of the mask that holds them; rejects where saving fails. */
  async commit(): Promise<void> {
    const { open } = this;
    if (!open) return;
    await open.autosave.flush();
    if (open.edited) await this.client.call('masks.commit', { scan: open.scan });
    open.edited = false;
  }

  /** Commits and ends; rejects, and stays open, where saving fails. */
  async leave(): Promise<void> {
    await this.commit();
    this.open?.autosave.dispose();
    this.open = null;
  }
}
