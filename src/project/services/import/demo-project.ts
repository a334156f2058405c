/** The project that a newcomer tries everything on: phantoms, a tenth of them labelled. */

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HUE } from '../../../core/hues.ts';
import { makePhantom } from '../../../core/phantom/index.ts';
import { makeFolder } from '../../../disk/index.ts';
import { writeNifti } from '../../../imaging/index.ts';
import type { NewProject, Store } from '../../store/index.ts';
import { importScans } from './import.ts';

export const DEMO_SCANS = 20;
export const DEMO_LABELLED = 2;

export interface DemoRequest {
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number; detail: string }) => void;
}

/**
 * Makes the demo project in a new folder below `documents`. What was begun is removed where no project came of it.
 * @param create makes and opens the project in the folder
 */
export async function makeDemoProject(
  documents: string,
  create: (folder: string, project: NewProject) => Store,
  { signal, onProgress = () => {} }: DemoRequest = {},
): Promise<void> {
  let folder = join(documents, 'Demo project');
  for (let n = 2; existsSync(folder); n++) folder = join(documents, `Demo project ${n}`);
  const scans = join(folder, 'phantoms');
  const masks = join(folder, 'phantom-masks');
  const total = 2 * DEMO_SCANS;
  let store: Store | null = null;
  try {
    for (const path of [scans, masks]) makeFolder(path);
    for (let n = 1; n <= DEMO_SCANS; n++) {
      signal?.throwIfAborted();
      onProgress({ done: n - 1, total, detail: `drawing phantom ${n} of ${DEMO_SCANS}` });
      const phantom = makePhantom('ct-abdomen', n);
      const name = `abdomen_${String(n).padStart(3, '0')}.nii.gz`;
      await writeNifti(join(scans, name), phantom.scan);
      if (n <= DEMO_LABELLED) await writeNifti(join(masks, name), phantom.mask);
      await new Promise((next) => setImmediate(next));
    }
    store = create(folder, {
      name: 'Demo: kidneys in phantoms',
      preset: 'ct-kidney',
      labels: [{ name: 'kidney', colour: HUE.orange, term: { scheme: 'SCT', code: '64033007', meaning: 'Kidney' } }],
    });
    await importScans(store, scans, {
      labels: masks,
      signal,
      onProgress({ phase, done, name }) {
        // The search counts files of its own: the bar would run to its end and back.
        if (phase === 'importing') onProgress({ done: DEMO_SCANS + done, total, detail: `importing ${name}` });
      },
    });
  } catch (error) {
    if (!store) await rm(folder, { recursive: true, force: true });
    throw error;
  }
  // The project holds its own copies.
  for (const path of [scans, masks]) await rm(path, { recursive: true, force: true });
}
