/** What belongs to a case and survives a visit to another screen and a reload: its undo steps, where it stands, how it looks. */
import { encodeHistory, restoreHistory } from '../../../core/edit/kept-history.ts';
import type { Client, ScanDetail } from '../../../shared/contract/index.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import type { ToolSettings } from '../../viewer/tools.ts';
import type { Window } from '../../viewer/window.ts';
import type { Pane } from './look.svelte.ts';

export interface CaseView {
  crosshair: readonly [number, number, number];
  window: Window;
  main: Pane;
  tool: ToolSettings;
}

/** Undo steps are kept so long after the last of them, ms: not within a row of strokes. */
const QUIET = 1000;
const VIEWS = 'decile-views';
const KEPT_VIEWS = 50;

export class CaseMemory {
  private readonly client: Client;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private changed: { detail: ScanDetail; editor: CaseEditor } | null = null;

  constructor(client: Client) {
    this.client = client;
  }

  /** The mask was edited: its steps are kept soon. */
  noteEdit(detail: ScanDetail, editor: CaseEditor): void {
    this.changed = { detail, editor };
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.keepSteps(), QUIET);
  }

  /** Keeps the steps that are not kept yet; without them a case opens all the same. */
  async keepSteps(): Promise<void> {
    const { changed } = this;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.changed = null;
    if (!changed) return;
    const { detail, editor } = changed;
    // In the middle of a stroke the mask is none that a step leads to.
    if (editor.painting) return this.noteEdit(detail, editor);
    const body = (encodeHistory(editor.history, editor.mask) ?? new Uint8Array(0)) as BodyInit;
    await this.client.data(undoPath(detail), { method: 'PUT', body }).catch(() => {});
  }

  /** Gives the editor of a case that was opened its steps back. @returns whether there were any for this mask */
  async restoreSteps(detail: ScanDetail, editor: CaseEditor): Promise<boolean> {
    try {
      const response = await this.client.data(undoPath(detail));
      if (response.status === 204) return false;
      const bytes = new Uint8Array(await response.arrayBuffer());
      // Drawn on meanwhile: the steps that there are now are the right ones.
      if (editor.painting || editor.history.canUndo) return false;
      return restoreHistory(editor.history, editor.mask, bytes);
    } catch {
      return false;
    }
  }

  keepView(scan: number, view: CaseView): void {
    const views = this.views().filter(([key]) => key !== this.keyOf(scan));
    const next = [...views, [this.keyOf(scan), view] as const].slice(-KEPT_VIEWS);
    try {
      sessionStorage.setItem(VIEWS, JSON.stringify(next));
    } catch {} // a full or forbidden store: the case opens in its middle
  }

  view(scan: number): CaseView | null {
    return this.views().find(([key]) => key === this.keyOf(scan))?.[1] ?? null;
  }

  private keyOf(scan: number): string {
    return `${this.client.session ?? ''}/${scan}`;
  }

  private views(): [string, CaseView][] {
    try {
      const kept: unknown = JSON.parse(sessionStorage.getItem(VIEWS) ?? '[]');
      return Array.isArray(kept) ? (kept as [string, CaseView][]) : [];
    } catch {
      return [];
    }
  }
}

const undoPath = ({ id, editing }: ScanDetail): string => `/data/undo/${id}/${editing}`;
