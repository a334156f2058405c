/** The one window: sandboxed, isolated, and held to its own pages. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrowserWindow, screen, session } from 'electron';
import { writeFileAtomic } from '../../disk/index.ts';

import { ORIGIN } from './protocol.ts';

interface WindowState {
  x?: number;
  y?: number;
  width: number;
  height: number;
  maximized: boolean;
}

const FIRST: WindowState = { width: 1440, height: 900, maximized: false };

export function openWindow(preload: string, userFolder: string): BrowserWindow {
  const statePath = join(userFolder, 'window.json');
  const state = readState(statePath);
  const window = new BrowserWindow({
    ...state,
    minWidth: 1024,
    minHeight: 680,
    show: false,
    backgroundColor: '#0f1216',
    title: 'Decile',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
      spellcheck: false,
      // Training curves go on while the window is covered.
      backgroundThrottling: false,
    },
  });
  if (state.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    const kept: WindowState = { ...window.getNormalBounds(), maximized: window.isMaximized() };
    try {
      writeFileAtomic(statePath, JSON.stringify(kept));
    } catch {
      // A window in its old place next time is no reason to stay open.
    }
  });
  confine(window);
  void window.loadURL(`${ORIGIN}/index.html`);
  return window;
}

/** No navigation, no new windows, no permissions, no webviews, no network. */
function confine(window: BrowserWindow): void {
  const { webContents } = window;
  webContents.on('will-navigate', (event) => event.preventDefault());
  webContents.on('will-redirect', (event) => event.preventDefault());
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  session.defaultSession.setPermissionRequestHandler((_contents, permission, decide) => decide(allowed(permission)));
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => allowed(permission));
  session.defaultSession.webRequest.onBeforeRequest((details, decide) => {
    decide({ cancel: !/^(app|blob|data|devtools):/.test(details.url) });
  });
}

/** Text into the clipboard alone, for the lists that can be copied; nothing is ever read from it. */
const allowed = (permission: string): boolean => permission === 'clipboard-sanitized-write';

/** The last place, when it is still on a screen. */
function readState(path: string): WindowState {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as WindowState;
    const visible = screen.getAllDisplays().some(({ workArea: area }) => {
      const [x, y] = [state.x ?? area.x, state.y ?? area.y];
      return x >= area.x - 50 && y >= area.y - 50 && x < area.x + area.width - 100 && y < area.y + area.height - 100;
    });
    return visible ? state : FIRST;
  } catch {
    return FIRST;
  }
}
