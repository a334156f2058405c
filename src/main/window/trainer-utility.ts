/** Entry of the trainer's process in Electron: the same job server as `trainer-worker.ts`, on the utility process's port. */
import type { MessagePortMain } from 'electron';
import { useRemoteGpu } from '../../engine/webgpu/index.ts';
import { connectExecutor, type GpuCommand, type GpuReply, type Port } from '../../engine/webgpu/remote-executor.ts';
import { readMask, readVolume, writeNifti } from '../../imaging/index.ts';
import { encodePng } from '../../imaging/png.ts';
import type { TrainerCommand } from '../../shared/training.ts';
import { serveJob } from '../../trainer/worker/worker.ts';
import { GPU_REQUEST } from './gpu-request.ts';

/** The line to a hidden window's GPU. */
function gpuPort(): Promise<Port<GpuCommand, GpuReply>> {
  return new Promise((resolve) => {
    process.parentPort.on('message', ({ data, ports }) => {
      if (data.type === GPU_REQUEST) resolve(portOf(ports[0]));
    });
    process.parentPort.postMessage({ type: GPU_REQUEST });
  });
}

const portOf = (port: MessagePortMain): Port<GpuCommand, GpuReply> => ({
  post: (message) => port.postMessage(message),
  onMessage(listener) {
    port.on('message', ({ data }) => listener(data as GpuReply));
    port.start();
  },
  onClose: (listener) => void port.on('close', listener),
});

useRemoteGpu(async () => connectExecutor(await gpuPort()));

serveJob(
  {
    send: (event) => process.parentPort.postMessage(event),
    onCommand: (listener) =>
      void process.parentPort.on('message', ({ data }) => {
        if (data.type !== GPU_REQUEST) listener(data as TrainerCommand);
      }),
  },
  { readVolume, readMask, writeVolume: (path, volume) => writeNifti(path, volume), encodePng },
  () => process.exit(0),
);
