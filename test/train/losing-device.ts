/**
 * Loaded into a process before it computes (`--import`): its GPU is lost once, as soon as the file LOSE_DEVICE_AT exists. The
 * device is a real one, really destroyed; a file LOSE_DEVICE_AT.done tells later processes to keep theirs.
 */
import { existsSync, writeFileSync } from 'node:fs';

const name = 'webgpu';
const { create, globals } = (await import(name)) as { create(options: string[]): GPU; globals: object };
Object.assign(globalThis, globals);
const gpu = create([]);
const file = process.env.LOSE_DEVICE_AT as string;

const entry = {
  async requestAdapter(options: GPURequestAdapterOptions) {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter) return null;
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      const watch = setInterval(() => {
        if (!existsSync(file) || existsSync(`${file}.done`)) return;
        clearInterval(watch);
        writeFileSync(`${file}.done`, '');
        device.destroy();
      }, 20);
      watch.unref();
      return device;
    };
    return adapter;
  },
};
// The engine takes what a process already has.
Object.defineProperty(globalThis.navigator, 'gpu', { value: entry, configurable: true });
