/** Studies from a DICOMweb server: searched, fetched into a folder that is removed when they are imported. */

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
import { type Incoming, incoming } from './incoming.ts';

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
  options: Pick<ImportOptions, 'only' | 'channels' | 'overlaps' | 'otherKinds' | 'onProgress' | 'signal'> & {
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
  const asked = [server.url, JSON.stringify([query.studies, query.match, query.series ?? []])];
  const place = explained('Fetching a study', () => incoming(store.folder, asked));
  try {
    const brought = await fetchAll(server, found, place, missing, options.onFetch);
    if (missing.length > 0 && brought === 0) {
      const [{ message, cure }] = missing;
      throw new DecileError('dicomweb/incomplete', message, cure);
    }
    const report = await importScans(store, place.whole, { ...options, from: server.url });
    report.failures.unshift(...missing);
    // Stopped: what was fetched is there for the next time.
    if (!report.interrupted) place.clear();
    return report;
  } finally {
    place.release();
  }
}

/** @returns how many series are whole; half ones are listed as missing */
async function fetchAll(
  server: DicomWebServer,
  found: readonly SeriesEntry[],
  place: Incoming,
  missing: ScanFailure[],
  onFetch?: (objects: number) => void,
): Promise<number> {
  let [objects, brought] = [0, 0];
  for (const { studyUid, seriesUid, instances } of found) {
    if (server.signal?.aborted) break;
    try {
      if (!place.has(seriesUid, instances)) {
        await fetchStudy(server, studyUid, place.partOf(seriesUid), {
          ...{ seriesUid, expected: instances },
          onFile: () => onFetch?.(++objects),
        });
        place.keep(seriesUid);
      }
      brought++;
    } catch (error) {
      if (!(error instanceof DecileError) || error.code !== 'dicomweb/incomplete') throw error;
      // Half a series is no scan: it waits for the next try, the others come in.
      missing.push({ path: server.url, code: error.code, message: error.message, cure: error.cure });
    }
  }
  return brought;
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
