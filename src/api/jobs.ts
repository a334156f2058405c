/** The board of long work: what runs, how far it is, how it ended. The window's bottom line shows it. */
import { randomUUID } from 'node:crypto';
import type { ErrorInfo, Events, JobInfo, JobKind } from '../shared/contract/index.ts';
import { errorInfo } from './errors.ts';

export interface JobHandle {
  readonly id: string;
  readonly signal: AbortSignal;
  update(
    change: Partial<Pick<JobInfo, 'done' | 'total' | 'detail' | 'secondsLeft' | 'status' | 'title' | 'run'>>,
  ): void;
  notice(message: string): void;
  fail(failures: JobInfo['failures']): void;
  ask(what: Pick<JobInfo, 'unsure' | 'overlapping' | 'others'>): void;
}

export interface JobBoard {
  /** Starts `work`; its end, error or cancellation becomes the job's status. */
  start(kind: JobKind, title: string, work: (job: JobHandle) => Promise<string | undefined>, run?: number): JobHandle;
  list(): JobInfo[];
  cancel(id: string): void;
  dismiss(id: string): void;
  /** Cancels everything and waits for it, e.g. before a project is closed. */
  settle(): Promise<void>;
}

/** Progress may come thousands of times a second; the window needs it ten times. */
const QUIET_MS = 100;

export function jobBoard(emit: <N extends keyof Events>(name: N, payload: Events[N]) => void): JobBoard {
  const jobs = new Map<
    string,
    { info: JobInfo; abort: AbortController; done: Promise<void>; said: number; timer?: NodeJS.Timeout }
  >();

  const say = (id: string, urgent: boolean) => {
    const job = jobs.get(id);
    if (!job) return;
    const wait = QUIET_MS - (Date.now() - job.said);
    if (urgent || wait <= 0) {
      clearTimeout(job.timer);
      job.timer = undefined;
      job.said = Date.now();
      emit('job', { ...job.info });
    } else {
      job.timer ??= setTimeout(() => say(id, true), wait);
    }
  };

  return {
    start(kind, title, work, run) {
      const id = randomUUID();
      const abort = new AbortController();
      const info: JobInfo = {
        id,
        kind,
        title,
        status: 'running',
        done: 0,
        total: 0,
        detail: '',
        run,
        failures: [],
        notices: [],
      };
      const handle: JobHandle = {
        id,
        signal: abort.signal,
        update(change) {
          const urgent = change.status !== undefined && change.status !== info.status;
          Object.assign(info, change);
          say(id, urgent);
        },
        notice(message) {
          info.notices = [...info.notices, message];
          say(id, false);
        },
        ask(what) {
          Object.assign(info, what);
          say(id, false);
        },
        fail(failures) {
          info.failures = [...info.failures, ...failures];
          say(id, false);
        },
      };
      const end = (status: JobInfo['status'], detail?: string, error?: ErrorInfo) => {
        info.status = status;
        info.secondsLeft = undefined;
        if (detail !== undefined) info.detail = detail;
        info.error = error;
        say(id, true);
      };
      // A macrotask later, so that the caller has the id before the first event.
      const done = new Promise<void>((resolve) => setImmediate(resolve))
        .then(() => work(handle))
        .then(
          (detail) => end(abort.signal.aborted ? 'cancelled' : 'done', detail),
          (error: unknown) => {
            if (abort.signal.aborted) end('cancelled');
            else end('failed', undefined, errorInfo(error));
          },
        );
      jobs.set(id, { info, abort, done, said: 0 });
      say(id, true);
      return handle;
    },
    list: () => [...jobs.values()].map(({ info }) => ({ ...info })),
    cancel: (id) => jobs.get(id)?.abort.abort(),
    dismiss(id) {
      const job = jobs.get(id);
      if (!job || job.info.status === 'running' || job.info.status === 'paused') return;
      jobs.delete(id);
      emit('job-gone', { id });
    },
    async settle() {
      for (const { abort } of jobs.values()) abort.abort();
      await Promise.all([...jobs.values()].map(({ done }) => done));
      for (const id of [...jobs.keys()]) {
        jobs.delete(id);
        emit('job-gone', { id });
      }
    },
  };
}
