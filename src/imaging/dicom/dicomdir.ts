/** The directory of a disc (PS3.10, section 8): files that it names and that are not there. */
import { dirname, relative, sep } from 'node:path';
import type { ScanFailure } from '../files.ts';
import { items, looksLikeDicom, parseDicom, readWhole } from './dataset.ts';

/** Copies of discs write names in small letters, or with the version and the dot that the disc's file system adds. */
const plain = (name: string) => name.toUpperCase().replace(/;\d+$/, '').replace(/\.$/, '');

/**
 * What the directory at `path` names and `files` lacks, as one failure; none where nothing is missing, or the file is no directory.
 * @param files every file below the directory's folder
 */
export async function missingFiles(path: string, files: readonly string[]): Promise<ScanFailure[]> {
  const bytes = await readWhole(path);
  if (!looksLikeDicom(bytes)) return [];
  const folder = dirname(path);
  const there = new Set(files.map((file) => plain(relative(folder, file).split(sep).join('/'))));
  const named = items(parseDicom(path, bytes).dataSet, 'x00041220').flatMap((record) => {
    const name = record.string('x00041500');
    return name
      ? [
          name
            .split('\\')
            .map((part) => part.trim())
            .join('/'),
        ]
      : [];
  });
  const missing = [...new Set(named)].filter((name) => !there.has(plain(name)));
  if (missing.length === 0) return [];
  return [
    {
      path,
      code: 'scan/missing-files',
      message: `Every file that ${path} names must be there, got ${missing.length} of ${new Set(named).size} missing (${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', ...' : ''}).`,
      cure: 'Copy the whole disc again: a series may have lost its first or last slices, which nothing else tells.',
    },
  ];
}
