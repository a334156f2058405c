/** What every screen shares: the open project, where the user is, running jobs, messages. */
import {
  type About,
  type CallName,
  type ChosenFolder,
  type Client,
  type ErrorInfo,
  type JobInfo,
  type MenuCommand,
  type ProjectOverview,
  type ProjectView,
  RefusedCall,
  type Settings,
} from '../../shared/contract/index.ts';
import { describeError } from '../parts/describe-error.ts';
import { plainCure } from '../parts/format.ts';
import { plainError } from '../parts/plain-error.ts';
import { findAgain } from './find-again.ts';
import { FRESH } from './fresh-view.ts';
import { jobMessages } from './job-messages.ts';
import { Leaving } from './leaving.svelte.ts';
import { watched } from './watched.ts';

export type Place = 'projects' | 'cases' | 'annotate' | 'train' | 'review' | 'report';
export const PLACES = ['cases', 'annotate', 'train', 'review', 'report'] as const;

export interface Message {
  id: number;
  kind: 'info' | 'error';
  text: string;
  cure?: string;
  /** The exact words and the code, for who wants them. */
  details?: string;
  /** What it goes with: the call that was refused, or the job that failed; once that works, it is past. */
  cause?: CallName | JobInfo['kind'];
  /** The place where it was said; leaving it ends an error that has no way on. */
  place?: Place;
  action?: { label: string; run: () => void };
  /** How long it stands, s; 8 without it, an error until it is dismissed. */
  seconds?: number;
}

/** An error as a message: plainly, with its exact words behind. */
const told = (info: ErrorInfo, cause?: CallName): Omit<Message, 'id'> => ({
  kind: 'error',
  text: plainError(info, cause),
  cure: plainCure(info.cure),
  details: `${info.message} (${info.code})`,
  ...(cause && { cause }),
});

/** Codes of files that are not as they were written: a check of the whole project is offered. */
const DAMAGE =
  /^(scan\/(missing|truncated|corrupt|vanished)|file\/(missing|unreadable|packed)|mask\/strokes-lost|checkpoint\/corrupt|project\/damaged)$/;

export class AppState {
  private readonly program: Client;
  /** For the open project: what a screen asks once another took its place is refused. */
  client: Client;
  place = $state<Place>('projects');
  project = $state.raw<ProjectOverview | null>(null);
  jobs = $state.raw<JobInfo[]>([]);
  messages = $state.raw<Message[]>([]);
  settings = $state.raw<Settings>({ theme: 'dark', showPatientNames: false, keys: {}, welcomed: true, person: '' });
  about = $state.raw<About | null>(null);
  /** The cases that Annotate and Review show, each its own. */
  private cases = $state<{ annotate: number | null; review: number | null }>({ annotate: null, review: null });
  scanName = $state('');
  /** Where the open case stands among what is left to do: `2 of 7 to review`. */
  scanPlace = $state('');
  /** The list beside the case, and what it shows in each place. */
  listOpen = $state(true);
  workFilters = $state.raw<ProjectView['filters']>(FRESH.filters);
  /** How the table of cases is searched, filtered and sorted. */
  table = $state.raw<ProjectView['table']>(FRESH.table);
  /** Where the user is: kept, and found again after a reload or a restart. */
  readonly view = $derived.by(
    (): ProjectView => ({
      place: this.place,
      scans: { ...this.cases },
      filters: this.workFilters,
      listOpen: this.listOpen,
      table: this.table,
    }),
  );
  /** The case that was open last: the list of cases stands on its row. */
  lastScan: number | null = null;
  /** Counts what was asked to be opened: the same case again is opened anew. */
  asked = $state(0);
  /** Scans chosen in the table, for an export of them alone. */
  selected = $state.raw<readonly number[]>([]);
  /** Slice along k to open the case at. */
  slice = $state<number | null>(null);
  /** When strokes last reached the disk, ms. */
  savedAt = $state<number | null>(null);
  /** Why the last strokes are not on disk; null: they are. */
  unsaved = $state.raw<ErrorInfo | null>(null);
  dialog = $state<'help' | 'about' | 'jobs' | 'export' | 'labels' | null>(null);
  ready = $state(false);
  /** The page's own folder browser; main has a dialog where there is one. */
  browser = $state.raw<{ title: string; done: (folder: ChosenFolder | null) => void } | null>(null);
  /** A command from the menu that a screen answers; the number tells two of the same apart. */
  command = $state.raw<{ name: MenuCommand; count: number } | null>(null);
  /** No project was open in this page yet: the first one goes on where it was left. */
  fresh = true;
  private counter = 0;
  resuming = $state(false);

  constructor(program: Client) {
    const client = watched(program, (call) => this.past(call));
    this.program = client;
    this.client = client;
    client.on('project', (project) => this.enter(project));
    client.on('job', (job) => this.noteJob(job));
    client.on('job-gone', ({ id }) => {
      this.jobs = this.jobs.filter((job) => job.id !== id);
    });
    client.on('saved', ({ savedAt }) => {
      this.savedAt = Date.parse(savedAt);
    });
    client.on(
      'again',
      () =>
        void this.attempt(async () => {
          this.jobs = await findAgain(this.program, this.project);
        }),
    );
    client.on('menu', ({ command }) => this.obey(command));
  }

  /** The case of the place where the user is. */
  get scan(): number | null {
    return this.cases[this.place === 'review' ? 'review' : 'annotate'];
  }

  set scan(scan: number | null) {
    this.lastScan = scan ?? this.lastScan;
    this.cases[this.place === 'review' ? 'review' : 'annotate'] = scan;
  }

  /** The project that another takes the place of. */
  readonly leaving = new Leaving<Place>();

  get running(): JobInfo[] {
    return this.jobs.filter((job) => job.status === 'running' || job.status === 'paused');
  }

  async start(): Promise<void> {
    await this.attempt(async () => {
      const { client } = this;
      [this.settings, this.about, this.jobs] = await Promise.all([
        client.call('settings.get'),
        client.call('app.about'),
        client.call('jobs.list'),
      ]);
      this.enter(await client.call('projects.current'));
      await this.resume();
    });
    this.ready = true;
  }

  /** Goes to where the user was in this project. */
  async resume(): Promise<void> {
    if (!this.project) return;
    this.resuming = true;
    try {
      const view = await this.client.call('views.get');
      if (view) await this.show(view);
    } finally {
      this.resuming = false;
    }
  }

  private async show(view: ProjectView): Promise<void> {
    const known = new Set((await this.client.call('scans.list')).map(({ id }) => id));
    const still = (scan: number | null) => (scan !== null && known.has(scan) ? scan : null);
    this.cases = { annotate: still(view.scans.annotate), review: still(view.scans.review) };
    // The table is found where it stood, not at a case that was open before that.
    const atTable = view.place === 'cases' && view.table.row !== undefined;
    this.lastScan = atTable ? null : this.cases[view.place === 'review' ? 'review' : 'annotate'];
    [this.workFilters, this.listOpen, this.table] = [view.filters, view.listOpen, view.table];
    this.place = view.place;
  }

  /** Keeps where the user is; nothing is said where that fails, since no work is lost. */
  keepView(view: ProjectView): void {
    if (this.ready && !this.resuming && this.project) this.client.call('views.set', view).catch(() => {});
  }

  /** Runs something that may be refused, and shows the refusal. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  fail(error: unknown): void {
    const info = describeError(error);
    const action = this.project && DAMAGE.test(info.code) ? this.check : undefined;
    const cause = error instanceof RefusedCall ? error.call : undefined;
    this.tell({ ...told(info, cause), place: this.place, ...(action && { action }) });
  }

  /** What was said of a call or job that works now. */
  private past(cause: CallName | JobInfo['kind']): void {
    if (this.messages.some((message) => message.cause === cause))
      this.messages = this.messages.filter((message) => message.cause !== cause);
  }

  /** Opens or makes a project; asks first where something goes on in the present one. `then` follows once it is open. */
  async enterBy(work: (stop: boolean) => Promise<unknown>, then: () => void = () => {}): Promise<boolean> {
    try {
      await this.leaving.wait(this.project?.name ?? null, () => work(false));
      then();
      return true;
    } catch (error) {
      const { code, message, cure } = describeError(error);
      if (code !== 'project/busy') this.fail(error);
      else {
        const stop = () => this.leaving.wait(this.project?.name ?? null, () => work(true));
        const run = () => void this.attempt(() => stop().then(then));
        this.tell({
          kind: 'error',
          text: message,
          cure,
          place: this.place,
          action: { label: 'Stop it and go on', run },
        });
      }
      return false;
    }
  }

  private readonly check = {
    label: 'Check the project',
    run: () => void this.attempt(() => this.client.call('projects.check', {})),
  };

  /** Says it once: the same text again takes the place of the first. */
  tell(message: Omit<Message, 'id'>): number {
    const id = ++this.counter;
    const others = this.messages.filter(({ text }) => text !== message.text);
    this.messages = [...others.slice(-3), { ...message, id }];
    if (message.kind === 'info') setTimeout(() => this.dismiss(id), 1000 * (message.seconds ?? 8));
    return id;
  }

  dismiss(id: number): void {
    this.messages = this.messages.filter((message) => message.id !== id);
  }

  /** Goes to a screen; without a project there is only one. */
  go(place: Place): void {
    this.dialog = null;
    const next = this.project ? place : 'projects';
    this.leaving.note(next);
    if (next !== this.place)
      this.messages = this.messages.filter(
        ({ kind, action, place: said }) => kind === 'info' || action || said === undefined,
      );
    this.place = next;
  }

  openCase(scan: number, place: 'annotate' | 'review', slice: number | null = null): void {
    this.cases[place] = scan;
    this.lastScan = scan;
    this.slice = slice;
    this.asked++;
    this.go(place);
  }

  private enter(project: ProjectOverview | null): void {
    const other = project?.session !== this.project?.session;
    if (other) this.client = project ? this.program.within(project.session) : this.program;
    this.project = project;
    if (project) this.fresh = false;
    if (!other) return;
    this.cases = { annotate: null, review: null };
    [this.workFilters, this.table] = [FRESH.filters, FRESH.table];
    this.lastScan = null;
    this.slice = null;
    this.selected = [];
    this.savedAt = null;
    this.place = project ? (this.leaving.chosen ?? 'cases') : 'projects';
    // What was said of another project, or of opening this one, is past.
    if (project) this.messages = [];
    for (const { name, message, cure } of project?.damage ?? [])
      this.tell({ kind: 'error', text: `${name}: ${message}`, cure: plainCure(cure), action: this.check });
  }

  /** The menu's command, once: a screen that is opened again later must not obey it again. */
  take(...names: MenuCommand[]): MenuCommand | null {
    const { command } = this;
    if (!command || !names.includes(command.name)) return null;
    this.command = null;
    return command.name;
  }

  private noteJob(job: JobInfo): void {
    const known = this.jobs.find((one) => one.id === job.id);
    this.jobs = known ? this.jobs.map((one) => (one.id === job.id ? job : one)) : [...this.jobs, job];
    if (known?.status === job.status) return;
    if (job.status === 'running' || job.status === 'done') this.past(job.kind);
    if (job.status === 'failed' && job.error)
      this.tell({ ...told(job.error), text: `${job.title}: ${plainError(job.error)}`, cause: job.kind });
    if (job.status !== 'done') return;
    const look = () => {
      this.dialog = 'jobs';
    };
    const repair = () => void this.attempt(() => this.client.call('projects.check', { repair: true }));
    if (job.kind === 'check' && job.failures.length > 0) look();
    for (const message of jobMessages(job, { look, repair })) this.tell(message);
  }

  /** A folder from the system's dialog, or from the page's own browser where there is none. */
  async chooseFolder(title: string): Promise<ChosenFolder | null> {
    if (this.about?.shell === 'electron')
      return (await this.attempt(() => this.client.call('folders.choose', { title }))) ?? null;
    return new Promise((done) => {
      this.browser = {
        title,
        done: (folder) => {
          this.browser = null;
          done(folder);
        },
      };
    });
  }

  /** Keeps settings; false, with the reason on the screen, where they cannot be kept. */
  async change(change: Partial<Settings>): Promise<boolean> {
    const kept = await this.attempt(() => this.client.call('settings.set', change));
    if (kept) this.settings = kept;
    return kept !== undefined;
  }

  /** False, with the reason on the screen, while strokes are in this window alone. */
  mayCloseProject(): boolean {
    const { unsaved } = this;
    if (unsaved)
      this.tell({ kind: 'error', text: `Strokes are not saved yet: ${unsaved.message}`, cure: unsaved.cure });
    return unsaved === null;
  }

  toggleTheme(): void {
    void this.change({ theme: this.settings.theme === 'light' ? 'dark' : 'light' });
  }

  obey(command: MenuCommand): void {
    switch (command) {
      case 'go-cases':
      case 'go-annotate':
      case 'go-train':
      case 'go-review':
      case 'go-report':
        this.go(command.slice(3) as Place);
        return;
      case 'help':
      case 'about':
        this.dialog = command;
        return;
      case 'export':
        if (this.project) this.dialog = 'export';
        return;
      case 'toggle-theme':
        this.toggleTheme();
        return;
      case 'close-project':
        if (this.mayCloseProject())
          void this.attempt(() =>
            this.leaving.wait(this.project?.name ?? null, () => this.client.call('projects.close')),
          );
        return;
      case 'import':
        if (!this.project) return;
        this.go('cases');
        break;
      case 'new-project':
      case 'open-project':
        this.place = 'projects';
        break;
      default:
        break;
    }
    this.command = { name: command, count: ++this.counter };
  }
}
