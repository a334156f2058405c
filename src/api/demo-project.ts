/** The project that a newcomer tries everything on: phantoms, a tenth of them labelled. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePhantom } from '../core/phantom/index.ts';
import { writeNifti } from '../imaging/index.ts';
import { importScans } from '../project/services/import/import.ts';
import type { JobHandle } from './jobs.ts';
import type { Session } from './session.ts';

const SCANS = 20;
const LABELLED = 2;

/** Makes and opens the project in a new folder below `documents`; says in words what it made. */
export async function makeDemoProject(session: Session, documents: string, job: JobHandle): Promise<string> {
  let folder = join(documents, 'Demo project');
  for (let n = 2; existsSync(folder); n++) folder = join(documents, `Demo project ${n}`);
  const scans = join(folder, 'phantoms');
  const masks = join(folder, 'phantom-masks');
  try {
    for (const path of [scans, masks]) await mkdir(path, { recursive: true });
    for (let n = 1; n <= SCANS; n++) {
      job.signal.throwIfAborted();
      job.update({ done: n - 1, total: 2 * SCANS, detail: `drawing phantom ${n} of ${SCANS}` });
      const phantom = makePhantom('ct-abdomen', n);
      const name = `abdomen_${String(n).padStart(3, '0')}.nii.gz`;
      await writeNifti(join(scans, name), phantom.scan);
      if (n <= LABELLED) await writeNifti(join(masks, name), phantom.mask);
      await new Promise((next) => setImmediate(next));
    }
    session.create(folder, {
      name: 'Demo: kidneys in phantoms',
      preset: 'ct-kidney',
      labels: [{ name: 'kidney', colour: '#e69f00', term: { scheme: 'SCT', code: '64033007', meaning: 'Kidney' } }],
    });
    await importScans(session.store(), scans, {
      labels: masks,
      signal: job.signal,
      onProgress: ({ done, name }) => job.update({ done: SCANS + done, total: 2 * SCANS, detail: `importing ${name}` }),
    });
  } catch (error) {
    if (!session.hasProject()) await rm(folder, { recursive: true, force: true });
    throw error;
  }
  // The project holds its own copies.
  for (const path of [scans, masks]) await rm(path, { recursive: true, force: true });
  session.changed([]);
  return `${SCANS} phantoms, ${LABELLED} of them labelled.`;
}
