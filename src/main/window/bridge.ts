/** Electron's ipc to the contract: every message must come from our page in our window. */

import { statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { type BrowserWindow, type IpcMainInvokeEvent, ipcMain } from 'electron';
import type { Api } from '../../api/api.ts';
import { CHANNELS } from '../../shared/contract/channels.ts';
import type { Reply } from '../../shared/contract/index.ts';
import { ORIGIN } from './protocol.ts';

export function answerCalls(api: Api, window: () => BrowserWindow | null): void {
  const ours = (event: IpcMainInvokeEvent): boolean => {
    const { senderFrame } = event;
    const contents = window()?.webContents;
    return (
      contents !== undefined &&
      event.sender === contents &&
      senderFrame === contents.mainFrame &&
      new URL(senderFrame.url).origin === new URL(ORIGIN).origin
    );
  };
  ipcMain.handle(
    CHANNELS.call,
    (event, name: unknown, input: unknown, project: unknown): Promise<Reply<unknown>> | Reply<unknown> =>
      ours(event) ? api.dispatch(name, input, project) : refused,
  );
  ipcMain.handle(CHANNELS.dropped, (event, path: unknown): Reply<unknown> => {
    if (!ours(event)) return refused;
    try {
      if (typeof path !== 'string' || !isAbsolute(path)) throw new Error('no path');
      // A dropped file stands for the folder that it is in.
      return { ok: true, value: api.registerFolder(statSync(path).isDirectory() ? path : dirname(path)) };
    } catch {
      return {
        ok: false,
        error: {
          code: 'folder/unreadable',
          message: 'What is dropped must be a folder or file on this computer, got neither.',
          cure: 'Drop a folder of scans.',
        },
      };
    }
  });
  api.subscribe((message) => {
    const contents = window()?.webContents;
    if (contents && !contents.isDestroyed()) contents.send(CHANNELS.event, message);
  });
}

const refused: Reply<never> = {
  ok: false,
  error: {
    code: 'call/refused',
    message: "A call must come from the program's own window.",
    cure: 'Reload the window.',
  },
};
