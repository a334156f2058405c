/** Links that lead out of the folder that an import was given: not followed, and said, unless the user wants them. */
import { realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { linkOutside, type ScanFailure } from '../../../imaging/index.ts';

export interface Links {
  /** Go where links lead out of the folder. */
  follow: boolean;
  /** Told of each that is not followed. */
  onLink: (left: ScanFailure) => void;
}

/** The same link is said once, though masks and scans are looked for in one folder. */
export const linksOf = (
  { followLinks = false }: { followLinks?: boolean },
  { failures }: { failures: ScanFailure[] },
): Links => ({
  follow: followLinks,
  onLink: (left) => failures.some(({ path }) => path === left.path) || failures.push(left),
});

/**
 * Whether a file that something else than a walk has named (dataset.json, the layout of a cohort) may be read; those that may not
 * are told. A file that is not there may: whoever reads it says so.
 */
export function staysInside(folder: string, { follow, onLink }: Links): (path: string) => boolean {
  if (follow) return () => true;
  const root = realpathSync(folder);
  return (path) => {
    let real: string;
    try {
      real = realpathSync(path);
    } catch {
      return true;
    }
    if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return true;
    onLink(linkOutside(path, folder));
    return false;
  };
}
