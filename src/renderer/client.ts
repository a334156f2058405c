/** The window's one client: over the preload's bridge in Electron, over HTTP and a WebSocket in a browser. */
import {
  type Client,
  createClient,
  EVENTS_PROTOCOL,
  type EventMessage,
  KEY_PROTOCOL,
  PROJECT_HEADER,
  type Reply,
  type Transport,
  WINDOW_PROTOCOL,
} from '../shared/contract/index.ts';
import { WINDOW } from '../shared/this-window.ts';
import { key } from './key.ts';

interface Bridge {
  call(name: string, input: unknown, project?: string): Promise<Reply<unknown>>;
  subscribe(listener: (message: EventMessage) => void): () => void;
  dropped(file: File): Promise<Reply<{ folder: string; path: string }>>;
}

const bridge = (globalThis as { decile?: Bridge }).decile;

const authorization: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };

/** Voxels travel by fetch in both shells: `app://` and the loopback server answer the same paths. */
const data = (path: string, init?: RequestInit) => {
  const headers = new Headers(init?.headers);
  for (const [name, value] of Object.entries(authorization)) headers.set(name, value);
  return fetch(path, { ...init, credentials: 'same-origin', headers });
};

const overBridge = (shell: Bridge): Transport => ({
  call: (name, input, project) => shell.call(name, input, project),
  subscribe: (listener) => shell.subscribe(listener),
  data,
  dataUrl: (path) => path,
  async dropped(file) {
    const reply = await shell.dropped(file);
    return reply.ok ? reply.value : null;
  },
});

function overHttp(): Transport {
  const listeners = new Set<(message: EventMessage) => void>();
  let delay = 250;
  let gone = false;
  const tell = (message: EventMessage) => {
    for (const listener of listeners) listener(message);
  };
  const connect = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/events`, [
      EVENTS_PROTOCOL,
      KEY_PROTOCOL + key,
      WINDOW_PROTOCOL + WINDOW,
    ]);
    socket.onopen = () => {
      delay = 250;
      if (gone) tell({ name: 'again', payload: null });
      gone = false;
    };
    socket.onmessage = ({ data }) => tell(JSON.parse(data as string) as EventMessage);
    // The server may restart under an open page; the page finds it again by itself.
    socket.onclose = () => {
      gone = true;
      setTimeout(connect, delay);
      delay = Math.min(delay * 2, 5000);
    };
  };
  connect();
  return {
    async call(name, input, project) {
      try {
        const response = await fetch(`/call/${name}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(project ? { [PROJECT_HEADER]: project } : {}),
            ...authorization,
          },
          body: JSON.stringify({ input }),
        });
        return (await response.json()) as Reply<unknown>;
      } catch {
        return {
          ok: false,
          error: {
            code: 'transport/no-server',
            message: 'The program must be running, got no answer.',
            cure: 'Start `npm run serve` again; nothing saved is lost.',
          },
        };
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    data,
    // A picture's request has no headers of ours.
    dataUrl: (path) => `${path}${path.includes('?') ? '&' : '?'}key=${encodeURIComponent(key ?? '')}`,
  };
}

export const client: Client = createClient(bridge ? overBridge(bridge) : overHttp());
