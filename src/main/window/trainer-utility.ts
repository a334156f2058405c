/** Entry of the trainer's process in Electron: the same job server as `trainer-worker.ts`, on the utility process's port. */
import type { TrainerCommand } from '../../shared/training.ts';
import { readMask, readVolume, writeNifti } from '../imaging/index.ts';
import { encodePng } from '../report/png.ts';
import { serveJob } from '../trainer/worker.ts';

serveJob(
  {
    send: (event) => process.parentPort.postMessage(event),
    onCommand: (listener) => void process.parentPort.on('message', ({ data }) => listener(data as TrainerCommand)),
  },
  { readVolume, readMask, writeVolume: (path, volume) => writeNifti(path, volume), encodePng },
  // The last event must be on its way before the process ends.
  () => setTimeout(() => process.exit(0), 50),
);
