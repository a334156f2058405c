/** The client of the contract: the same object over Electron's ipc and over HTTP + WebSocket. */
import { DecileError } from '../errors.ts';
import type { CallInput, CallName, CallResult } from './calls.ts';
import type { EventMessage, EventName, Events } from './events.ts';
import type { ErrorInfo } from './types.ts';

export type Reply<T> = { ok: true; value: T } | { ok: false; error: ErrorInfo };

/** What a transport must do; `data` fetches voxels and pictures under `/data/...`. */
export interface Transport {
  /** @param project session of the project that the call is for */
  call(name: CallName, input: unknown, project?: string): Promise<Reply<unknown>>;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (message: EventMessage) => void): () => void;
  data(path: string, init?: RequestInit): Promise<Response>;
  /** Address that an <img> can load. */
  dataUrl(path: string): string;
  /** The id of a folder dropped on the window, where the shell can know it. */
  dropped?(file: File): Promise<{ folder: string; path: string } | null>;
}

export interface Client {
  call<N extends CallName>(
    name: N,
    ...input: undefined extends CallInput<N> ? [input?: CallInput<N>] : [input: CallInput<N>]
  ): Promise<CallResult<N>>;
  on<N extends EventName>(name: N, listener: (payload: Events[N]) => void): () => void;
  data: Transport['data'];
  dataUrl: Transport['dataUrl'];
  dropped?: Transport['dropped'];
  /** Session of the project that it is for. */
  readonly session?: string;
  /** The client whose every call and address is for that project: where another is open they are refused (`project/other`). */
  within(session: string): Client;
}

/** The error that main made, and the call that it refused. */
export class RefusedCall extends DecileError {
  readonly call: CallName;

  constructor({ code, message, cure }: ErrorInfo, call: CallName) {
    super(code, message, cure);
    this.call = call;
  }
}

/** Wraps a transport; a refused call throws the DecileError that main made. */
export function createClient(transport: Transport, project?: string): Client {
  const named = (path: string) => (project ? `${path}${path.includes('?') ? '&' : '?'}project=${project}` : path);
  return {
    async call(name, ...input) {
      const reply = await transport.call(name, input[0], project);
      if (!reply.ok) throw new RefusedCall(reply.error, name);
      return reply.value as never;
    },
    on(name, listener) {
      return transport.subscribe((message) => {
        if (message.name === name) listener(message.payload as never);
      });
    },
    async data(path, init) {
      const response = await transport.data(named(path), init);
      if (response.ok) return response;
      const { code, message, cure } = await readError(response);
      throw new DecileError(code, message, cure);
    },
    dataUrl: (path) => transport.dataUrl(named(path)),
    dropped: transport.dropped && ((file) => transport.dropped!(file)),
    ...(project !== undefined && { session: project }),
    within: (session) => createClient(transport, session),
  };
}

async function readError(response: Response): Promise<ErrorInfo> {
  try {
    return (await response.json()) as ErrorInfo;
  } catch {
    return {
      code: 'transport/refused',
      message: `The answer must be data, got status ${response.status}.`,
      cure: 'Reload the window.',
    };
  }
}
