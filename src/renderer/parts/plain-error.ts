/** Errors as a person says them: what did not work, and why. The exact message stays for who wants it. */
import { ERRORS } from '../../core/error-table/index.ts';
import type { CallName, ErrorInfo } from '../../shared/contract/index.ts';

/** What a call was asked for, where a sentence about it helps. */
const FAILED: Partial<Record<CallName, string>> = {
  'folders.choose': 'The folder cannot be used',
  'folders.browse': 'The folder cannot be opened',
  'folders.create': 'The folder cannot be made',
  'projects.create': 'The project cannot be made',
  'projects.open': 'The project cannot be opened',
  'projects.close': 'The project cannot be closed',
  'projects.setLabels': 'The labels cannot be changed',
  'projects.setRange': 'The range cannot be changed',
  'projects.demo': 'The demo project cannot be made',
  'projects.check': 'The project cannot be checked',
  'scans.list': 'The cases cannot be listed',
  'scans.detail': 'The case cannot be opened',
  'scans.import': 'The scans cannot be imported',
  'scans.remove': 'The scans cannot be deleted',
  'masks.commit': 'The drawing cannot be kept',
  'masks.restore': 'The mask cannot be brought back',
  'masks.compare': 'The masks cannot be compared',
  'predictions.start': 'The prediction cannot start',
  'review.decide': 'The decision cannot be kept',
  'review.undo': 'The decision cannot be taken back',
  'train.start': 'The training cannot start',
  'train.resume': 'The training cannot go on',
  'export.start': 'The export cannot start',
  'settings.set': 'The setting cannot be kept',
};
/** How the table ends where the message names something: here the name itself follows. */
const NAMED = /; (?:it|they|both|the runs|its process)\b.*$/;
/** Longer than this, what was found is for the details. */
const MOST = 90;

/** Errors of which what was found is the reason. */
const SAYS_WHY: ReadonlySet<ErrorInfo['code']> = new Set(['folder/unreadable']);

/** A long list by its first entries; what is long and no list is left out. */
function shortened(found: string): string {
  if (found.length <= MOST) return found;
  const parts = found.split(', ');
  let [text, n] = [parts[0], 1];
  while (n < parts.length && text.length + parts[n].length < MOST - 15) text += `, ${parts[n++]}`;
  return text.length <= MOST && n < parts.length ? `${text} and ${parts.length - n} more` : '';
}

/** `The folder cannot be opened: a path does not exist (/data/ct).` */
export function plainError({ code, message }: ErrorInfo, call?: CallName): string {
  const lead = call && FAILED[call];
  // A newer program behind an open window has codes that the window does not know: its own words say it.
  if (!Object.hasOwn(ERRORS, code)) return lead ? `${lead}: ${message}` : message;
  const why = ERRORS[code].when.replace(NAMED, '').replaceAll('`', '').replace(/\.$/, '');
  const found = shortened(/, got (?:none with )?(.+?)\.?$/.exec(message)?.[1] ?? '');
  const tail = found && !why.includes(found) ? ` (${found})` : '';
  if (lead && found && SAYS_WHY.has(code)) return `${lead}: ${found}.`;
  return lead ? `${lead}: ${why[0].toLowerCase()}${why.slice(1)}${tail}.` : `${why}${tail}.`;
}
