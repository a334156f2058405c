/** What main tells the window without being asked. */
import type { TrainerEvent } from '../training.ts';
import type { CaseState, JobInfo, LearningInfo, ProjectOverview, SaveReceipt } from './types.ts';

export type MenuCommand =
  | 'new-project'
  | 'open-project'
  | 'close-project'
  | 'import'
  | 'export'
  | 'undo'
  | 'redo'
  | 'help'
  | 'about'
  | 'toggle-theme'
  | 'go-cases'
  | 'go-annotate'
  | 'go-train'
  | 'go-review'
  | 'go-report';

export interface Events {
  /** A job started, moved or ended. */
  job: JobInfo;
  /** A job was dismissed. */
  'job-gone': { id: string };
  /** The trainer of a run spoke. */
  train: { run: number; event: TrainerEvent };
  /** Learning was turned on or off, or waits for something else. */
  learning: LearningInfo;
  /** Scans changed (imported, labelled, predicted, removed); the window reloads its list. */
  scans: { scans: number[] };
  /** One case changed its state. */
  'case-state': { scan: number; state: CaseState };
  /** Labels or counts changed; null: the project was closed. */
  project: ProjectOverview | null;
  /** Strokes reached the disk. */
  saved: SaveReceipt;
  /** The program was gone and is there again; the window's own transport says so. */
  again: null;
  /** The user chose from the menu, or dropped a folder on the window's icon. */
  menu: { command: MenuCommand };
}
export type EventName = keyof Events;
export type EventMessage = { [N in EventName]: { name: N; payload: Events[N] } }[EventName];

/**
 * Protocol of the events' WebSocket in server mode, and what stands before the token and before the window's id in further ones: browsers
 * send no header there.
 */
export const EVENTS_PROTOCOL = 'decile-events';
export const KEY_PROTOCOL = 'decile-key.';
export const WINDOW_PROTOCOL = 'decile-window.';
