/** Composition root of the trainer's process: gives the trainer its readers and writers. Started by trainer/index.ts. */

import { readMask, readVolume, writeNifti } from '../imaging/index.ts';
import { encodePng } from '../imaging/png.ts';
import type { TrainerCommand } from '../shared/training.ts';
import { serveJob } from './worker/worker.ts';

serveJob(
  {
    send: (event) => void process.send?.(event),
    onCommand: (listener) => void process.on('message', (message) => listener(message as TrainerCommand)),
  },
  { readVolume, readMask, writeVolume: (path, volume) => writeNifti(path, volume), encodePng },
  () => process.exit(0),
);
process.on('disconnect', () => process.exit(0));
// A scheduler's or a system's end signal reaches every process at once. Whoever started this one hears it too and asks for
// a last checkpoint; dying first would lose the steps since the one before.
process.on('SIGTERM', () => {});
