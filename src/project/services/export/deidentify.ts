/** De-identified copies of a folder of DICOM files, and the search of any folder for identifiers, without a project. */

import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { listFolder, makeFolder, sweepLeftovers, writeFileAtomic } from '../../../disk/index.ts';
import {
  type DeidOptions,
  deidentify,
  dicomFilesBelow,
  findIdentifiers,
  identifiersOf,
  type Leak,
  type ScanFailure,
} from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { asFailure } from '../import/import-masks.ts';
import { throwLeaks } from './export-deid.ts';

export interface DeidentifyReport {
  output: string;
  files: string[];
  failures: ScanFailure[];
}

/**
 * Copies every DICOM file below `source` to `output`, de-identified, and searches the copies for what the originals say.
 * @throws export/exists when `output` is not empty, export/identifiers, import/no-scans
 */
export async function deidentifyFolder(
  source: string,
  output: string,
  options: Pick<DeidOptions, 'dates'>,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<DeidentifyReport> {
  const to = resolve(output);
  makeFolder(to);
  sweepLeftovers(to);
  if (listFolder(to, { hidden: true }).length > 0)
    throw new DecileError(
      'export/exists',
      `The folder of de-identified files must be empty, got ${to} with files in it.`,
      'Choose another folder: old files would be searched and handed on too.',
    );
  const report: DeidentifyReport = { output: to, files: [], failures: [] };
  const paths = await dicomFiles(source, (left) => report.failures.push(left));
  const secret = randomBytes(32).toString('hex');
  const identifiers = new Set<string>();
  for (const [n, path] of paths.entries()) {
    onProgress(n, paths.length);
    try {
      const bytes = await readFile(path);
      for (const identifier of identifiersOf(path, bytes)) identifiers.add(identifier);
      const name = `${String(report.files.length + 1).padStart(6, '0')}.dcm`;
      const clean = deidentify(path, bytes, { ...options, secret });
      writeFileAtomic(join(to, name), clean);
      report.files.push(name);
    } catch (error) {
      const failure = asFailure(error, path);
      if (failure.code.startsWith('disk/')) throw error;
      report.failures.push(failure);
    }
  }
  onProgress(paths.length, paths.length);
  const leaks = await findIdentifiers(to, [...identifiers]);
  for (const { path } of leaks) rmSync(path, { force: true });
  throwLeaks(leaks);
  return report;
}

/**
 * What in `folder` names somebody: attributes that the profile removes, and the identifiers of the originals.
 * @param originals DICOM files whose names, numbers and UIDs are looked for
 */
export async function searchIdentifiers(folder: string, originals?: string): Promise<Leak[]> {
  const identifiers = new Set<string>();
  if (originals !== undefined)
    for (const path of await dicomFiles(originals))
      for (const identifier of identifiersOf(path, await readFile(path))) identifiers.add(identifier);
  return findIdentifiers(resolve(folder), [...identifiers]);
}

async function dicomFiles(folder: string, onLink?: (left: ScanFailure) => void): Promise<string[]> {
  const paths = await dicomFilesBelow(resolve(folder), onLink);
  if (paths.length > 0) return paths;
  throw new DecileError(
    'import/no-scans',
    `${resolve(folder)} must hold DICOM files, got none.`,
    'Choose the folder that holds them.',
  );
}
