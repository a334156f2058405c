/** Contract to handlers: the one place where calls from outside are checked before anything runs. */
import type { z } from 'zod';
import {
  CALLS,
  type CallInput,
  type CallName,
  type CallResult,
  type EventMessage,
  type Events,
  isCallName,
  type Reply,
} from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';
import { errorInfo } from './errors.ts';

/** A handler sees parsed input only. */
export type Handlers = {
  [N in CallName]: (input: z.output<(typeof CALLS)[N]['input']>) => Promise<CallResult<N>> | CallResult<N>;
};

/** Both shells speak to this: Electron's ipc and `app://`, and the loopback server. */
export interface Api {
  /** @param project session of the project that the call is for, as the window knows it */
  dispatch(name: unknown, input: unknown, project?: unknown): Promise<Reply<unknown>>;
  /** Answers `/data/...`; errors become JSON bodies with a status. */
  data(request: DataRequest): Promise<Response>;
  /** @param window id of the window that listens: when its last listener ends it is gone, and holds no case any more */
  subscribe(listener: (message: EventMessage) => void, window?: string): () => void;
  /** Gives a folder that the user dropped or chose an id. */
  registerFolder(path: string): { folder: string; path: string };
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallResult<N>>;
  /** True while something would be lost by leaving: a training run, an import. */
  busy(): string[];
  close(): Promise<void>;
}

export interface DataRequest {
  method: string;
  /** Path and query, e.g. /data/mask/3/manual?version=2 */
  url: URL;
  contentType: string;
  body(): Promise<Uint8Array>;
}

export interface Emitter {
  emit<N extends keyof Events>(name: N, payload: Events[N]): void;
  subscribe(listener: (message: EventMessage) => void): () => void;
}

export function emitter(): Emitter {
  const listeners = new Set<(message: EventMessage) => void>();
  return {
    emit(name, payload) {
      for (const listener of listeners) listener({ name, payload } as EventMessage);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Calls that concern the program, not the project that is open. */
const OF_NO_PROJECT = /^(app|settings|folders|jobs)\.|^projects\.(recent|forget|create|open|current|demo)$/;

/** Parses, calls, and wraps; never throws. @param admit throws where the call is for another project than the open one */
export async function dispatch(
  handlers: Handlers,
  admit: (project: unknown) => void,
  name: unknown,
  input: unknown,
  project?: unknown,
): Promise<Reply<unknown>> {
  try {
    if (!isCallName(name))
      throw new DecileError(
        'call/unknown',
        `A call must be one of the contract's, got ${String(name)}.`,
        'Reload the window.',
      );
    const parsed = CALLS[name].input.safeParse(input ?? undefined);
    if (!parsed.success)
      throw new DecileError(
        'call/invalid',
        `The input of ${name} must fit its schema, got ${describeIssues(parsed.error)}.`,
        'Check the values entered.',
      );
    if (!OF_NO_PROJECT.test(name)) admit(project);
    const handler = handlers[name] as (input: unknown) => unknown;
    return { ok: true, value: (await handler(parsed.data)) ?? null };
  } catch (error) {
    return { ok: false, error: errorInfo(error) };
  }
}

const describeIssues = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
    .join('; ');
