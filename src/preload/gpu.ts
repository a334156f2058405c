/** Of the hidden window that lends its GPU: hands the trainer's port to the page, and nothing else. */
import { ipcRenderer } from 'electron';

/** As GPU_PORT of src/engine/webgpu/remote-executor.ts; a sandboxed preload imports electron alone. */
const NAME = 'decile:gpu-port';

ipcRenderer.on(NAME, ({ ports }) => window.postMessage(NAME, window.location.origin, [...ports]));
