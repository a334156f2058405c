/** The Cases screen: what the table shows of the project's scans, what is selected, what to label first. */
import { CASE_STATES, type CaseState, type ScanRow, type Suggestion } from '../../../shared/contract/index.ts';
import { coalesced } from '../../parts/coalesced.ts';
import { count } from '../../parts/format.ts';
import type { AppState } from '../../shell/app.svelte.ts';

const COLUMNS = [
  'name',
  'modality',
  'size',
  'spacing',
  'state',
  'prediction',
  'review',
  'expected',
  'uncertainty',
  'rank',
  'importedAt',
] as const;
export type Column = (typeof COLUMNS)[number];
/** `first`: the scans to label first. */
const FILTERS = ['all', 'first', ...CASE_STATES] as const;

export const STATE_WORDS: Record<CaseState, string> = {
  unlabelled: 'unlabelled',
  drawing: 'drawing',
  labelled: 'labelled',
  predicted: 'predicted',
  reviewed: 'reviewed',
  rejected: 'rejected',
};
/** What a person said of the prediction; nothing where there is none to speak of. */
const REVIEW_WORDS: Record<ScanRow['review'], string> = {
  unreviewed: 'to review',
  'in-review': 'in correction',
  accepted: 'accepted',
  corrected: 'corrected',
  rejected: 'rejected',
};
export const reviewWord = (row: ScanRow): string =>
  row.predictedBy === undefined && row.review === 'unreviewed'
    ? ''
    : row.state === 'labelled'
      ? ''
      : REVIEW_WORDS[row.review];

const ORDER: readonly CaseState[] = ['predicted', 'drawing', 'unlabelled', 'labelled', 'reviewed', 'rejected'];
const natural = new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare;

export class CasesState {
  rows = $state.raw<ScanRow[]>([]);
  suggestions = $state.raw<Suggestion[]>([]);
  loaded = $state(false);
  search = $state('');
  filter = $state<(typeof FILTERS)[number]>('all');
  column = $state<Column>('name');
  descending = $state(false);
  selected = $state.raw<ReadonlySet<number>>(new Set());
  /** Id of the row that the arrow keys move from. */
  focus = $state<number | null>(null);
  private readonly app: AppState;
  private readonly load = coalesced(() => this.fetch());

  readonly shown = $derived.by(() => {
    const words = this.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const first = new Set(this.suggestions.map(({ scan }) => scan));
    const rows = this.rows.filter((row) => {
      if (this.filter === 'first' && !first.has(row.id)) return false;
      if (this.filter !== 'all' && this.filter !== 'first' && row.state !== this.filter) return false;
      const text = `${row.name} ${row.modality} ${row.patient ?? ''} ${row.state}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const sign = this.descending ? -1 : 1;
    return rows.sort((a, b) => sign * compare(a, b, this.column) || natural(a.name, b.name));
  });
  readonly counts = $derived.by(() => {
    const counts = new Map<CaseState, number>();
    for (const { state } of this.rows) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  });

  constructor(app: AppState) {
    this.app = app;
    this.focus = app.lastScan;
    const { search, filter, column, descending } = app.table;
    this.search = search;
    this.filter = FILTERS.find((one) => one === filter) ?? 'all';
    this.column = COLUMNS.find((one) => one === column) ?? 'name';
    this.descending = descending;
  }

  /** Follows the project until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.app.client.on('scans', () => void this.load());
  }

  private async fetch(): Promise<void> {
    const { client } = this.app;
    const rows = await this.app.attempt(() => client.call('scans.list'));
    if (!rows) return;
    this.rows = rows;
    this.loaded = true;
    const known = new Set(rows.map((row) => row.id));
    this.selected = new Set([...this.selected].filter((id) => known.has(id)));
    this.suggestions = (await this.app.attempt(() => client.call('scans.suggest'))) ?? [];
  }

  sort(column: Column): void {
    if (this.column === column) this.descending = !this.descending;
    else {
      this.column = column;
      this.descending = column === 'uncertainty';
    }
  }

  toggle(id: number): void {
    const next = new Set(this.selected);
    if (!next.delete(id)) next.add(id);
    this.selected = next;
  }

  /** Selects all rows between the last focus and this one. */
  extend(id: number): void {
    const ids = this.shown.map((row) => row.id);
    const [from, to] = [ids.indexOf(this.focus ?? id), ids.indexOf(id)].sort((a, b) => a - b);
    this.selected = new Set([...this.selected, ...ids.slice(Math.max(0, from), to + 1)]);
  }

  selectAll(): void {
    this.selected = this.selected.size === this.shown.length ? new Set() : new Set(this.shown.map((row) => row.id));
  }

  open(row: Pick<ScanRow, 'id' | 'state'>): void {
    this.app.openCase(
      row.id,
      row.state === 'predicted' || row.state === 'reviewed' || row.state === 'rejected' ? 'review' : 'annotate',
    );
  }

  async import(withMasks: boolean): Promise<void> {
    const { app } = this;
    const scans = await app.chooseFolder('Folder of scans');
    if (!scans) return;
    const labels = withMasks ? await app.chooseFolder('Folder of their masks') : null;
    if (withMasks && !labels) return;
    await app.attempt(() =>
      app.client.call('scans.import', { folder: scans.folder, ...(labels ? { labels: labels.folder } : {}) }),
    );
  }

  async showPatients(shown: boolean): Promise<void> {
    await this.app.change({ showPatientNames: shown });
    await this.load();
  }

  /** Leaves the selected scans out of training, or takes them in again where all of them are left out. */
  async leaveOut(ids: number[], reason: string): Promise<void> {
    const { app } = this;
    if ((await app.attempt(() => app.client.call('scans.leaveOut', { scans: ids, reason }))) === undefined) return;
    const back = reason === '' ? 'left out by hand' : '';
    app.tell({
      kind: 'info',
      text: `${count(ids.length, 'scan')} ${reason ? 'left out of' : 'taken into'} training.`,
      action: {
        label: 'Undo',
        run: () => void app.attempt(() => app.client.call('scans.leaveOut', { scans: ids, reason: back })),
      },
    });
  }

  /** Every selected scan is left out of training. */
  get selectionLeftOut(): boolean {
    return this.rows.every((row) => !this.selected.has(row.id) || row.leftOut !== undefined);
  }

  async remove(ids: number[]): Promise<void> {
    if (ids.length === 0) return;
    const { app } = this;
    if ((await app.attempt(() => app.client.call('scans.remove', { scans: ids }))) === undefined) return;
    this.selected = new Set();
    app.tell({
      kind: 'info',
      text: `${count(ids.length, 'scan')} deleted from the project.`,
      action: { label: 'Undo', run: () => void app.attempt(() => app.client.call('scans.restore', { scans: ids })) },
    });
  }
}

function compare(a: ScanRow, b: ScanRow, column: Column): number {
  switch (column) {
    case 'name':
    case 'modality':
    case 'importedAt':
      return natural(a[column], b[column]);
    case 'size':
      return voxels(a) - voxels(b);
    case 'spacing':
      return Math.max(...a.spacing) - Math.max(...b.spacing);
    case 'state':
      return ORDER.indexOf(a.state) - ORDER.indexOf(b.state);
    case 'prediction':
      return natural(a.predictedBy ?? '', b.predictedBy ?? '');
    case 'review':
      return natural(reviewWord(a), reviewWord(b));
    case 'expected':
      return (a.expected?.value ?? 101) - (b.expected?.value ?? 101);
    case 'uncertainty':
      return (a.uncertainty ?? -1) - (b.uncertainty ?? -1);
    case 'rank':
      return (a.rank ?? 1e9) - (b.rank ?? 1e9);
  }
}

const voxels = ({ size }: ScanRow): number => size[0] * size[1] * size[2];
