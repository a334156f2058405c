/**
 * Every error that a user can see. A code that is not here does not compile; docs/reference/errors.md is written from here by
 * `node scripts/errors-page.ts`, and `npm test -- errors-page` compares page, table and every message in the source.
 */
import { commandLineErrors } from './command-line.ts';
import { exchangeErrors } from './exchange.ts';
import { fileErrors } from './files.ts';
import { modelErrors } from './models.ts';
import { projectErrors } from './project.ts';
import { readingErrors } from './reading.ts';
import type { ErrorRow } from './row.ts';
import { studyErrors } from './studies.ts';
import { trainingErrors } from './training.ts';
import { windowErrors } from './window.ts';

export type { ErrorRow } from './row.ts';

/** The sections of the reference, in its order. */
export const ERROR_SECTIONS = {
  'Command line and options': commandLineErrors,
  Project: projectErrors,
  'Disk and files': fileErrors,
  'Reading scans and masks': readingErrors,
  'Training, prediction, evaluation, export': trainingErrors,
  Models: modelErrors,
  'Window and server': windowErrors,
  Studies: studyErrors,
  'De-identification and DICOMweb': exchangeErrors,
} as const;

type Sections = (typeof ERROR_SECTIONS)[keyof typeof ERROR_SECTIONS];

/** A code of the table, e.g. `scan/truncated`. */
export type ErrorCode = Sections extends infer S ? (S extends Sections ? keyof S : never) : never;

export const ERRORS = Object.assign({}, ...Object.values(ERROR_SECTIONS)) as Readonly<Record<ErrorCode, ErrorRow>>;
