/** Studies from a DICOMweb server: searched, fetched into a folder that is removed again, imported. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../disk/index.ts';
import { type DicomWebServer, fetchStudy, searchSeries, searchStudies } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { explained, type Store } from '../../store/index.ts';
import { type ImportOptions, type ImportReport, importScans } from './import.ts';

export interface StudyQuery {
  /** StudyInstanceUIDs. */
  studies: string[];
  /** QIDO-RS attributes that studies must match, e.g. `PatientID: '7'`; added to `studies`. */
  match: Record<string, string>;
  /** These series alone. */
  series?: string[];
}

/** What can become a scan or a mask; reports, captures and waveforms are not fetched. */
const WANTED = new Set(['CT', 'MR', 'PT', 'NM', 'SEG', 'RTSTRUCT']);

/**
 * Imports the studies' scans and the SEG and RTSTRUCT objects that belong to them.
 * @throws dicomweb/address, dicomweb/unreachable, dicomweb/denied, dicomweb/answer, dicomweb/nothing, import/no-scans
 */
export async function importFromServer(
  store: Store,
  server: DicomWebServer,
  query: StudyQuery,
  options: Pick<ImportOptions, 'only' | 'onProgress' | 'signal'> & { onFetch?: (objects: number) => void } = {},
): Promise<ImportReport> {
  const studies = [...query.studies];
  if (Object.keys(query.match).length > 0) studies.push(...(await searchStudies(server, query.match)));
  const found: { study: string; series: string }[] = [];
  for (const study of new Set(studies)) {
    for (const entry of await searchSeries(server, study)) {
      const wanted = query.series ? query.series.includes(entry.seriesUid) : WANTED.has(entry.modality);
      if (wanted) found.push({ study, series: entry.seriesUid });
    }
  }
  if (found.length === 0)
    throw new DecileError(
      'dicomweb/nothing',
      `${server.url} must hold CT, MR or PET series of the study, got none in ${new Set(studies).size} studies.`,
      'Check the StudyInstanceUID or the search, and that the server shows the study to you.',
    );
  // In the project's own folder: patients' data goes to no shared temporary folder.
  const folder = explained('Fetching a study', () => temporaryFolder(store.folder, 'incoming'));
  try {
    let objects = 0;
    for (const [n, { study, series }] of found.entries()) {
      if (server.signal?.aborted) break;
      await fetchStudy(server, study, join(folder, String(n + 1).padStart(4, '0')), {
        seriesUid: series,
        onFile: () => options.onFetch?.(++objects),
      });
    }
    return await importScans(store, folder, { ...options, from: server.url });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
