/** De-identified exports: names for scans, the secret that maps UIDs, and the search of what was written. */

import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../../disk/index.ts';
import { type DeidOptions, findIdentifiers, identifiersIn, type Leak, nameParts } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { DateRule } from '../../../shared/export-formats.ts';
import type { Scan, Store } from '../../store/index.ts';
import { keptProvenance } from './provenance.ts';
import { sourceNames } from './source-names.ts';

export interface Deidentification {
  /** Name in the export by scan id. */
  names: ReadonlyMap<number, string>;
  /** What DICOM objects of a patient are written with. */
  optionsFor(patientId: string): DeidOptions;
  /** What must not be found in the export; sources that are read later add theirs. */
  identifiers: Set<string>;
}

const keySchema = z.object({
  version: z.literal(1),
  secret: z.string().min(32),
  /** Content hash of a scan to its number. */
  scans: z.record(z.string(), z.object({ number: z.number().int().positive(), name: z.string() })),
});
type Key = z.infer<typeof keySchema>;

/** @throws export/key for a key file that is none, or that would lie in the export */
export function startDeidentification(
  store: Store,
  scans: readonly Scan[],
  request: { dates: DateRule; key?: string },
  output: string,
): Deidentification {
  const path = request.key === undefined ? null : resolve(request.key);
  // On another drive the relative path is an absolute one.
  const within = path === null ? '..' : relative(output, path);
  if (!within.startsWith('..') && !isAbsolute(within))
    throw new DecileError(
      'export/key',
      `The key must lie outside the exported folder, got ${path}.`,
      'Keep it where only you can read it: it tells who is who.',
    );
  const key = readKey(path);
  let next = Math.max(0, ...Object.values(key.scans).map(({ number }) => number));
  const names = new Map<number, string>();
  for (const scan of scans) {
    key.scans[scan.contentHash] ??= { number: ++next, name: scan.name };
    names.set(scan.id, `case_${String(key.scans[scan.contentHash].number).padStart(3, '0')}`);
  }
  if (path !== null) writeFileAtomic(path, `${JSON.stringify(key, null, 2)}\n`);
  const identifiers = new Set<string>();
  for (const scan of scans) {
    const patient = store.scans.patient(scan.id);
    const provenance = keptProvenance(store, scan.id);
    const whole = [...(patient ? [patient.name, patient.id] : []), scan.seriesUid ?? ''].map((v) => v.trim());
    for (const one of whole) if (one.length >= 4) identifiers.add(one);
    for (const one of patient ? nameParts(patient.name) : []) identifiers.add(one);
    for (const one of provenance ? identifiersIn(provenance) : []) identifiers.add(one);
  }
  const references = store.runs
    .list()
    .flatMap((run) => store.evaluations.list(run.id).flatMap((e) => e.reference ?? []));
  const open = [...store.labels.list(), ...store.runs.list()].map(({ name }) => name);
  for (const one of sourceNames(
    scans.map(({ name }) => name),
    [...scans.map(({ sourcePath }) => sourcePath), ...references],
    [...open, ...names.values()],
  ))
    identifiers.add(one);
  return {
    names,
    identifiers,
    optionsFor: (patientId) => ({
      secret: key.secret,
      dates: request.dates === 'remove' ? 'remove' : { shiftDays: shiftOf(patientId, key.secret) },
    }),
  };
}

function readKey(path: string | null): Key {
  if (path === null || !existsSync(path)) return { version: 1, secret: randomBytes(32).toString('hex'), scans: {} };
  try {
    return keySchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new DecileError(
      'export/key',
      `${path} must be a key that an earlier export wrote, got another file.`,
      'Name a new file, or the key of the export that this one shall agree with.',
    );
  }
}

/** One to 365 days, the same for all of a patient. */
const shiftOf = (patientId: string, secret: string): number =>
  1 + (createHmac('sha256', secret).update(`dates\0${patientId}`).digest().readUInt32BE(0) % 365);

/** @throws export/identifiers when anything that names somebody was found in what was written */
export async function checkExport(output: string, deid: Deidentification): Promise<void> {
  throwLeaks(await findIdentifiers(output, [...deid.identifiers]));
}

export function throwLeaks(leaks: readonly Leak[]): void {
  if (leaks.length === 0) return;
  const shown = leaks.slice(0, 5).map(({ path, what }) => `${what} in ${path}`);
  throw new DecileError(
    'export/identifiers',
    `The exported files must hold nothing that names somebody, got ${shown.join('; ')}${leaks.length > 5 ? ` and ${leaks.length - 5} more` : ''}.`,
    'Do not hand the folder on; files that were in it before count too: export into an empty folder.',
  );
}
