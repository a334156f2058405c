/** Puts the handlers together: one Api for Electron and for the loopback server. */

import type { App } from '../app.ts';
import { type CallName, type CallResult, createClient } from '../shared/contract/index.ts';
import { type Api, dispatch, emitter, type Handlers } from './api.ts';
import { answerData } from './data.ts';
import { folderRegistry } from './folders.ts';
import { caseHandlers } from './handlers/cases.ts';
import { projectHandlers, type Shell } from './handlers/projects.ts';
import { reportHandlers } from './handlers/report.ts';
import { trainingHandlers } from './handlers/training.ts';
import { jobBoard } from './jobs.ts';
import { learner } from './learning.ts';
import { session as openSession } from './session.ts';
import { userFiles } from './settings.ts';

export type { Api } from './api.ts';
export type { Shell } from './handlers/projects.ts';

/** @param userFolder where settings and recent projects are kept */
export function createApi(shell: Shell, app: App, userFolder: string): Api {
  const events = emitter();
  const session = openSession({
    emitter: events,
    folders: folderRegistry(),
    jobs: jobBoard(events.emit),
    user: userFiles(userFolder),
    app,
  });
  const learning = learner(session);
  const handlers: Handlers = {
    ...projectHandlers(session, shell),
    ...caseHandlers(session),
    ...trainingHandlers(session, learning),
    ...reportHandlers(session),
  };
  const client = createClient({
    call: (name, input) => dispatch(handlers, session.admit, name, input),
    subscribe: events.subscribe,
    data: () => Promise.reject(new Error('Data is asked for through Api.data.')),
    dataUrl: (path) => path,
  });
  return {
    dispatch: (name, input, project) => dispatch(handlers, session.admit, name, input, project),
    data: (request) => answerData(session, request),
    subscribe(listener, window) {
      const stop = events.subscribe(listener);
      const leave = window === undefined ? () => {} : learning.here(window);
      return () => {
        stop();
        leave();
      };
    },
    registerFolder: (path) => session.folders.register(path),
    call: <N extends CallName>(name: N, input: never) => client.call(name, input) as Promise<CallResult<N>>,
    busy: () =>
      session.jobs
        .list()
        .filter(({ status, kind }) => kind !== 'learn' && (status === 'running' || status === 'paused'))
        .map(({ title }) => title),
    close: () => session.close(),
  };
}
