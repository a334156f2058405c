/**
 * A stand-in for the `electron` module where its binary is missing: the built main process runs in Node, its window is a
 * page of Debian's Chromium, `app://` is answered by the handler that main registered, and the built preload runs in the
 * page before everything else. Only what the program uses is here; anything else is undefined and fails loudly.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';

/** What stands for `app://decile` in a Chromium that does not know the scheme; nothing is fetched from it. */
const HTTPS = 'https://decile.invalid';
const APP = 'app://decile';

type Handler = (event: unknown, ...values: unknown[]) => unknown;

/** What a test steers and looks at. */
export const control = {
  page: null as Page | null,
  browser: null as Browser | null,
  /** Answers of the folder dialog, in order; null cancels. */
  folders: [] as (string | null)[],
  /** Answers of message boxes: the button's index. */
  boxes: [] as number[],
  menu: [] as { label?: string; submenu?: { label?: string; click?: () => void }[] }[],
  notifications: [] as string[],
  /** The window is in front. */
  focused: true,
  /** Path of a file dropped on the window. */
  droppedPath: '',
  handlers: new Map<string, Handler>(),
  /** Pretends that a call comes from another page. */
  senderUrl: `${APP}/index.html`,
  quit: false,
};

let answer: ((request: Request) => Promise<Response>) | null = null;

class App extends EventEmitter {
  enableSandbox(): void {}
  requestSingleInstanceLock(): boolean {
    return true;
  }
  whenReady = async (): Promise<void> => {};
  getPath(): string {
    return process.env.DECILE_CONFIG ?? '';
  }
  quit(): void {
    let prevented = false;
    this.emit('before-quit', { preventDefault: () => (prevented = true) });
    if (!prevented) {
      control.quit = true;
      void control.browser?.close();
    }
  }
}
export const app = new App();

export const protocol = {
  registerSchemesAsPrivileged(): void {},
  handle(_scheme: string, handler: (request: Request) => Promise<Response>): void {
    answer = handler;
  },
};

class WebContents extends EventEmitter {
  mainFrame = {
    get url() {
      return control.senderUrl;
    },
  };
  isDestroyed = (): boolean => control.page?.isClosed() ?? true;
  setWindowOpenHandler(): void {}
  send(channel: string, message: unknown): void {
    void control.page
      ?.evaluate(
        ([name, value]) =>
          (globalThis as unknown as { __deliver?: (c: unknown, v: unknown) => void }).__deliver?.(name, value),
        [channel, message],
      )
      .catch(() => undefined);
  }
}

export class BrowserWindow extends EventEmitter {
  webContents = new WebContents();
  options: { webPreferences: { preload: string } & Record<string, unknown>; width: number; height: number };
  constructor(options: BrowserWindow['options']) {
    super();
    this.options = options;
    windows.push(this);
  }
  show(): void {}
  focus(): void {}
  restore(): void {}
  maximize(): void {}
  isMinimized = (): boolean => false;
  isMaximized = (): boolean => false;
  isFocused = (): boolean => control.focused;
  getNormalBounds = () => ({ x: 0, y: 0, width: this.options.width, height: this.options.height });
  async loadURL(url: string): Promise<void> {
    control.browser = await launchBrowser();
    const page = await control.browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.exposeFunction('__invoke', (channel: string, values: unknown[]) => {
      const handler = control.handlers.get(channel);
      if (!handler) throw new Error(`No handler for ${channel}.`);
      return handler({ sender: this.webContents, senderFrame: this.webContents.mainFrame }, ...values);
    });
    await page.exposeFunction('__droppedPath', () => control.droppedPath);
    await page.addInitScript(preloadScript(readFileSync(this.options.webPreferences.preload, 'utf8')));
    await page.route('**/*', async (route) => {
      const request = route.request();
      if (!request.url().startsWith(HTTPS)) return route.abort();
      const response = await answer!(
        new Request(request.url().replace(HTTPS, APP), {
          method: request.method(),
          headers: request.headers(),
          body: request.method() === 'PUT' ? new Uint8Array(request.postDataBuffer() ?? []) : undefined,
        }),
      );
      await route.fulfill({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(await response.arrayBuffer()),
      });
    });
    control.page = page;
    await page.goto(url.replace(APP, HTTPS));
    this.emit('ready-to-show');
  }
  /** As the user's click on the cross: main is asked first, then the page. */
  async close(): Promise<void> {
    let prevented = false;
    this.emit('close', { preventDefault: () => (prevented = true) });
    if (prevented) return;
    const stays = await control.page?.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
    let allowed = false;
    if (stays) this.webContents.emit('will-prevent-unload', { preventDefault: () => (allowed = true) });
    if (stays && !allowed) return;
    this.emit('closed');
    app.emit('window-all-closed');
  }
}
export const windows: BrowserWindow[] = [];

/** The built preload with a `require` that knows `electron` alone, as in a sandbox. */
const preloadScript = (source: string): string => `(() => {
  const listeners = new Map();
  globalThis.__deliver = (channel, value) => { for (const one of listeners.get(channel) ?? []) one({}, value); };
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => { globalThis[name] = api; } },
    ipcRenderer: {
      invoke: async (channel, ...values) => globalThis.__invoke(channel, await Promise.all(values)),
      on: (channel, listener) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      removeListener: (channel, listener) => listeners.set(channel, (listeners.get(channel) ?? []).filter((one) => one !== listener)),
    },
    webUtils: { getPathForFile: () => globalThis.__droppedPath() },
  };
  const module = { exports: {} };
  ((require, module, exports) => { ${source}
  })((name) => { if (name !== 'electron') throw new Error('A sandboxed preload cannot require ' + name); return electron; }, module, module.exports);
})();`;

export const ipcMain = {
  handle(channel: string, handler: Handler): void {
    control.handlers.set(channel, handler);
  },
};

export const dialog = {
  async showOpenDialog(): Promise<{ canceled: boolean; filePaths: string[] }> {
    // A dialog stays open until it is answered.
    while (control.folders.length === 0) await new Promise((wait) => setTimeout(wait, 50));
    const next = control.folders.shift() ?? null;
    return { canceled: next === null, filePaths: next === null ? [] : [next] };
  },
  showMessageBoxSync: (): number => control.boxes.shift() ?? 0,
};

export const Menu = {
  buildFromTemplate: (template: typeof control.menu) => template,
  setApplicationMenu(template: typeof control.menu): void {
    control.menu = template;
  },
};

export class Notification {
  private readonly title: string;
  constructor({ title }: { title: string }) {
    this.title = title;
  }
  show(): void {
    control.notifications.push(this.title);
  }
}

export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] };

export const session = {
  defaultSession: {
    setPermissionRequestHandler(): void {},
    setPermissionCheckHandler(): void {},
    webRequest: { onBeforeRequest(): void {} },
  },
};

/** A forked Node with `process.parentPort`, which is how Electron's utility process talks. */
class UtilityProcess extends EventEmitter {
  private readonly child: ChildProcess;
  readonly stderr: ChildProcess['stderr'];
  constructor(path: string, options: { env?: NodeJS.ProcessEnv }) {
    super();
    const shim = fileURLToPath(new URL('./utility-shim.ts', import.meta.url));
    this.child = fork(path, [], {
      env: options.env,
      execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=DEP0044', '--import', shim],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.stderr = this.child.stderr;
    this.child.once('spawn', () => this.emit('spawn'));
    this.child.on('message', (message) => this.emit('message', message));
    this.child.once('exit', (code) => this.emit('exit', code ?? 1));
  }
  postMessage(message: object): void {
    this.child.send(message);
  }
}
export const utilityProcess = {
  fork: (path: string, _values: string[], options: { env?: NodeJS.ProcessEnv }) => new UtilityProcess(path, options),
};

export default { app, protocol, BrowserWindow, ipcMain, dialog, Menu, Notification, screen, session, utilityProcess };
