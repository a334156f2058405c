/** Electron's main process: wiring alone. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { app, type BrowserWindow, dialog, Notification } from 'electron';
import { about } from '../api/about.ts';
import { createApi } from '../api/index.ts';
import { createApp, trainerOn } from '../app.ts';
import { answerCalls } from './window/bridge.ts';
import { environmentServes } from './window/environment.ts';
import { setMenu } from './window/menu.ts';
import { answerScheme, claimScheme } from './window/protocol.ts';
import { electronHost } from './window/trainer-host.ts';
import { openWindow } from './window/window.ts';

claimScheme();
app.enableSandbox();
if (!app.requestSingleInstanceLock()) app.quit();
else {
  let window: BrowserWindow | null = null;
  let leaving = false;
  const userFolder = process.env.DECILE_CONFIG || app.getPath('userData');
  const documents = process.env.DECILE_DOCUMENTS || join(homedir(), 'Decile');
  const chooseFolder = async (title: string) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window!, {
      title,
      properties: ['openDirectory', 'createDirectory'],
    });
    return canceled ? null : filePaths[0];
  };
  const api = createApi(
    { about: () => about('electron'), chooseFolder, browsing: false, documents },
    createApp(trainerOn(electronHost)),
    userFolder,
  );
  /** Asks while a run or an import would be stopped. */
  const mayLeave = (): boolean => {
    const busy = api.busy();
    if (busy.length === 0 || !window) return true;
    const choice = dialog.showMessageBoxSync(window, {
      type: 'question',
      message: `Still going on: ${busy.join(', ')}.`,
      detail: 'Closing stops it at a checkpoint; it can be resumed later.',
      buttons: ['Close and resume later', 'Stay'],
      defaultId: 1,
      cancelId: 1,
    });
    return choice === 0;
  };
  const mayLose = (): boolean => {
    const choice = dialog.showMessageBoxSync(window!, {
      type: 'warning',
      message: 'The last strokes are not saved.',
      detail: 'The disk takes nothing at present. Free some space: they are then saved by themselves.',
      buttons: ['Stay', 'Close and lose them'],
      defaultId: 0,
      cancelId: 0,
    });
    return choice === 1;
  };
  const open = () => {
    window = openWindow(join(import.meta.dirname, '../preload/index.cjs'), userFolder);
    window.on('close', (event) => {
      if (!mayLeave()) event.preventDefault();
    });
    // The page holds strokes that the disk does not take.
    window.webContents.on('will-prevent-unload', (event) => {
      if (mayLose()) event.preventDefault();
    });
    window.on('closed', () => {
      window = null;
      app.quit();
    });
  };

  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  // The hidden window of a trainer on the GPU is no reason to stay: the program ends with the window that people see.
  app.on('window-all-closed', () => {});
  app.on('before-quit', (event) => {
    if (leaving) return;
    event.preventDefault();
    // The window goes first: it asks, and its last strokes still reach the project.
    if (window) return window.close();
    leaving = true;
    api.close().finally(() => app.quit());
  });
  app.whenReady().then(() => {
    if (!environmentServes()) return app.quit();
    answerScheme(api, join(import.meta.dirname, '../renderer'));
    answerCalls(api, () => window);
    setMenu((command) => window?.webContents.send('decile:event', { name: 'menu', payload: { command } }));
    api.subscribe(({ name, payload }) => {
      if (
        name !== 'job' ||
        !['train', 'predict'].includes(payload.kind) ||
        !['done', 'failed'].includes(payload.status) ||
        window?.isFocused()
      )
        return;
      new Notification({ title: payload.title, body: payload.error?.message ?? payload.detail }).show();
    });
    open();
    app.on('activate', () => window ?? open());
  });
}
