/** What the shell hears of the open case; it goes on after the screen was left. */
import type { ErrorInfo } from '../../../shared/contract/index.ts';
import type { UnfinishedEdits } from '../../shell/unfinished-edits.ts';

export interface Heard {
  /** Why strokes are not on disk; null: they are. */
  onunsaved?(error: ErrorInfo | null): void;
  /** Edits that are being worked out; null: there are none. */
  onunfinished?(edits: UnfinishedEdits | null): void;
  /** An edit of a case that was left could not be kept. */
  onlost?(name: string, error: unknown): void;
}
