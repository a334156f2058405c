/** The bridge of the sandboxed window: a fixed list of calls, events, and the id of a dropped folder. Nothing else. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { CHANNELS } from '../shared/contract/channels.ts';
import type { Reply } from '../shared/contract/client.ts';
import type { EventMessage } from '../shared/contract/events.ts';

const bridge = {
  call: (name: string, input: unknown, project?: string): Promise<Reply<unknown>> =>
    ipcRenderer.invoke(CHANNELS.call, name, input, project),
  subscribe(listener: (message: EventMessage) => void): () => void {
    // The event object stays here: it would hand the page the sender.
    const receive = (_event: unknown, message: EventMessage) => listener(message);
    ipcRenderer.on(CHANNELS.event, receive);
    return () => void ipcRenderer.removeListener(CHANNELS.event, receive);
  },
  dropped: (file: File): Promise<Reply<{ folder: string; path: string }>> =>
    ipcRenderer.invoke(CHANNELS.dropped, webUtils.getPathForFile(file)),
};

export type Bridge = typeof bridge;
contextBridge.exposeInMainWorld('decile', bridge);
