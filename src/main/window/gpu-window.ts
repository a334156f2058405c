/**
 * Lends Chromium's WebGPU to the trainer: a hidden, sandboxed window without any bridge to this process. Electron's Node
 * cannot run the WebGPU that Node programs use.
 */
import { join } from 'node:path';
import { BrowserWindow, MessageChannelMain, type MessagePortMain } from 'electron';
import { GPU_PORT } from '../../engine/webgpu/remote-executor.ts';
import { ORIGIN } from './protocol.ts';

/** Opens the window; the trainer's end of the line is there at once, and is closed when the window is gone. */
export function lendGpu(): { port: MessagePortMain; close(): void } {
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      preload: join(import.meta.dirname, '../preload/gpu.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      // It works while nobody looks.
      backgroundThrottling: false,
    },
  });
  const { port1, port2 } = new MessageChannelMain();
  const { webContents } = window;
  webContents.on('will-navigate', (event) => event.preventDefault());
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.once('did-finish-load', () => webContents.postMessage(GPU_PORT, null, [port2]));
  webContents.once('did-fail-load', () => port2.close());
  void window.loadURL(`${ORIGIN}/gpu.html`);
  return { port: port1, close: () => window.destroy() };
}
