/** A thread that makes patches of prepared scans; started by patch-threads.ts, one patch a message. */
import { parentPort } from 'node:worker_threads';
import { type MadePatch, makePatch, type PatchRequest } from '../../core/train/made-patch.ts';
import { readerOf, type StoredScan } from './stored-scan.ts';
import { type ToldError, toldError } from './told-error.ts';

export interface PatchJob {
  id: number;
  stored: StoredScan;
  request: PatchRequest;
}

export type PatchAnswer = { id: number } & ({ made: MadePatch } | { error: ToldError });

parentPort?.on('message', ({ id, stored, request }: PatchJob) => {
  const tell = (answer: PatchAnswer, lent: ArrayBuffer[] = []) => parentPort?.postMessage(answer, lent);
  try {
    const made = makePatch({ name: stored.base, ...readerOf(stored) }, request);
    const arrays = [made.image, ...(made.target ? [made.target.oneHot] : [])];
    tell(
      { id, made },
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    tell({ id, error: toldError(error) });
  }
});
