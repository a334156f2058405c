/** What a user has, of any project: settings, where they were, and the program they use. */

/** Where a user was in a project: found again after a reload or a restart. */
export interface ProjectView {
  place: 'projects' | 'cases' | 'annotate' | 'train' | 'review' | 'report';
  /** The open case of each place, by scan. */
  scans: { annotate: number | null; review: number | null };
  /** What the list beside the case shows. */
  filters: { annotate: string; review: string };
  listOpen: boolean;
  /** The table of cases; `row`: the first one in sight, from 0. */
  table: { search: string; filter: string; column: string; descending: boolean; row?: number };
}

export type Theme = 'dark' | 'light' | 'system';
export interface Settings {
  theme: Theme;
  showPatientNames: boolean;
  /** Action name to key chord, only where the user changed the default. */
  keys: Record<string, string>;
  /** The welcome has been seen. */
  welcomed: boolean;
  /** Under which name drawings and decisions are kept; empty: the system's user. */
  person: string;
}

export interface About {
  version: string;
  electron: string;
  node: string;
  chromium: string;
  platform: string;
  device: string;
  /** 'electron' has native dialogs; 'server' browses folders in the page. */
  shell: 'electron' | 'server';
}
