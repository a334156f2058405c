/** Studies from a DICOMweb server: searched, fetched into a folder that is removed again, imported. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../disk/index.ts';
import {
  type DicomWebServer,
  fetchStudy,
  type ScanFailure,
  type SeriesEntry,
  searchSeries,
  searchStudies,
  studySize,
} from '../../../imaging/index.ts';
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
  options: Pick<ImportOptions, 'only' | 'channels' | 'onProgress' | 'signal'> & {
    onFetch?: (objects: number) => void;
  } = {},
): Promise<ImportReport> {
  const studies = [...query.studies];
  if (Object.keys(query.match).length > 0) studies.push(...(await searchStudies(server, query.match)));
  const found: SeriesEntry[] = [];
  const missing: ScanFailure[] = [];
  for (const study of new Set(studies)) {
    const entries = await searchSeries(server, study);
    if (!query.series) missing.push(...(await missingSeries(server, study, entries)));
    found.push(
      ...entries.filter(({ seriesUid, modality }) =>
        query.series ? query.series.includes(seriesUid) : WANTED.has(modality),
      ),
    );
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
    let [objects, brought] = [0, 0];
    for (const [n, { studyUid, seriesUid, instances }] of found.entries()) {
      if (server.signal?.aborted) break;
      const place = join(folder, String(n + 1).padStart(4, '0'));
      try {
        await fetchStudy(server, studyUid, place, {
          ...{ seriesUid, expected: instances },
          onFile: () => options.onFetch?.(++objects),
        });
        brought++;
      } catch (error) {
        if (!(error instanceof DecileError) || error.code !== 'dicomweb/incomplete') throw error;
        // Half a series is no scan: it goes, the others stay.
        rmSync(place, { recursive: true, force: true });
        missing.push({ path: server.url, code: error.code, message: error.message, cure: error.cure });
      }
    }
    if (missing.length > 0 && brought === 0) {
      const [{ message, cure }] = missing;
      throw new DecileError('dicomweb/incomplete', message, cure);
    }
    const report = await importScans(store, folder, { ...options, from: server.url });
    report.failures.unshift(...missing);
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the server counts in the study and does not list. */
async function missingSeries(server: DicomWebServer, study: string, entries: SeriesEntry[]): Promise<ScanFailure[]> {
  const stated = await studySize(server, study);
  const objects = entries.reduce((sum, { instances }) => sum + instances, 0);
  const counted = entries.every(({ instances }) => instances > 0);
  const fewer = stated.series > entries.length || (counted && stated.instances > objects);
  if (!fewer) return [];
  return [
    {
      path: server.url,
      code: 'dicomweb/incomplete',
      message: `${server.url} must give all ${stated.instances || 'its'} objects of study ${study}, got ${counted ? objects : 'fewer'} in ${entries.length} of ${stated.series || 'its'} series.`,
      cure: 'The server lists fewer than it counts, for instance as some are stored elsewhere or are not shown to you: look into its log.',
    },
  ];
}
