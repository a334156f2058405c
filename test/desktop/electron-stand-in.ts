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
  /** What boxes of errors said. */
  errors: [] as string[],
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
  /** What the window threw or could not load. */
  problems: [] as string[],
};

interface Ported {
  __deliverPort(channel: string): void;
  __portIn(data: unknown): void;
}

/** WebGPU on the processor, for hidden windows. */
export const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

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

/** One end of a line; messages arrive in order, later. */
export class MessagePortMain extends EventEmitter {
  peer: MessagePortMain | null = null;
  postMessage(data: unknown): void {
    setImmediate(() => this.peer?.emit('message', { data }));
  }
  start(): void {}
  close(): void {
    setImmediate(() => this.peer?.emit('close'));
  }
}
export class MessageChannelMain {
  port1 = new MessagePortMain();
  port2 = new MessagePortMain();
  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}

class WebContents extends EventEmitter {
  page: Page | null = null;
  /** A port for the page: its messages go through the driver. */
  postMessage(channel: string, _message: unknown, [port]: MessagePortMain[]): void {
    const page = this.page as Page;
    let last: Promise<unknown> = page
      .exposeFunction('__portOut', (data: unknown) => port.postMessage(data))
      .then(() => page.evaluate((name) => (globalThis as unknown as Ported).__deliverPort(name), channel));
    port.on('message', ({ data }) => {
      last = last.then(() => page.evaluate((value) => (globalThis as unknown as Ported).__portIn(value), data));
    });
  }
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
  options: {
    webPreferences: { preload: string } & Record<string, unknown>;
    width: number;
    height: number;
    show?: boolean;
  };
  private hidden: Browser | null = null;
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
    // The program's window starts hidden too, and is told to show itself.
    const seen = this.options.width > 0;
    const browser = await launchBrowser(seen ? [] : SOFTWARE_GPU);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    if (seen) control.browser = browser;
    else this.hidden = browser;
    this.webContents.page = page;
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
    page.on('pageerror', (error) => control.problems.push(error.message));
    page.on('response', (response) => {
      if (!response.ok()) control.problems.push(`${response.status()} for ${response.url()}`);
    });
    if (seen) control.page = page;
    await page.goto(url.replace(APP, HTTPS));
    this.webContents.emit('did-finish-load');
    this.emit('ready-to-show');
  }
  destroy(): void {
    void this.hidden?.close();
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
  globalThis.__deliverPort = (channel) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = ({ data }) => globalThis.__portOut(data);
    globalThis.__portIn = (data) => port2.postMessage(data);
    for (const one of listeners.get(channel) ?? []) one({ ports: [port1] });
  };
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
  showErrorBox(title: string, content: string): void {
    control.errors.push(`${title}: ${content}`);
  },
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
      serialization: 'advanced',
    });
    this.stderr = this.child.stderr;
    this.child.once('spawn', () => this.emit('spawn'));
    this.child.on('message', (message: { port?: string; data?: unknown }) => {
      if (message.port) this.lent?.postMessage(message.data);
      else this.emit('message', message);
    });
    this.child.once('exit', (code) => this.emit('exit', code ?? 1));
  }
  private lent: MessagePortMain | null = null;
  postMessage(message: object, ports: MessagePortMain[] = []): void {
    if (ports.length === 0) return void this.child.send(message);
    this.lent = ports[0];
    this.child.send({ port: 'opened', data: message });
    this.lent.on('message', ({ data }) => this.child.send({ port: 'message', data }));
  }
}
export const utilityProcess = {
  fork: (path: string, _values: string[], options: { env?: NodeJS.ProcessEnv }) => new UtilityProcess(path, options),
};

export default {
  app,
  protocol,
  BrowserWindow,
  MessageChannelMain,
  ipcMain,
  dialog,
  Menu,
  Notification,
  screen,
  session,
  utilityProcess,
};
