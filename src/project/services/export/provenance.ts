/** The DICOM origin of a scan, kept beside its volume: what a segmentation must refer to when the source files are gone. */

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../../disk/index.ts';
import { discoverScans, type Provenance, provenanceSchema, readScan } from '../../../imaging/index.ts';
import type { Scan, Store } from '../../store/index.ts';

const fileOf = (scan: number): string => `volumes/${scan}.dicom.json`;

export function saveProvenance(store: Store, scan: number, provenance: Provenance): void {
  writeFileAtomic(store.path(fileOf(scan)), JSON.stringify(provenance));
}

/** Of a scan that is new: an import that failed may have left the origin of another under its number. */
export function startProvenance(store: Store, scan: number, provenance: Provenance | null | undefined): void {
  if (provenance) saveProvenance(store, scan, provenance);
  else rmSync(store.path(fileOf(scan)), { force: true });
}

/** What was kept at import, or null. */
export function keptProvenance(store: Store, scan: number): Provenance | null {
  const path = store.path(fileOf(scan));
  if (!existsSync(path)) return null;
  try {
    return provenanceSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** What was kept at import; for scans imported before that was done, read again from where they came from. */
export async function provenanceOf(store: Store, scan: Scan): Promise<Provenance | null> {
  const kept = keptProvenance(store, scan.id);
  if (kept) return kept;
  if (!scan.seriesUid || !existsSync(scan.sourcePath)) return null;
  const folder = statSync(scan.sourcePath).isDirectory() ? scan.sourcePath : dirname(scan.sourcePath);
  const { sources } = await discoverScans(folder);
  for (const source of sources.filter(({ seriesUid }) => seriesUid === scan.seriesUid)) {
    const { volume, provenance } = await readScan(source);
    if (provenance && volume.size.every((n, c) => n === scan.size[c])) return provenance;
  }
  return null;
}
