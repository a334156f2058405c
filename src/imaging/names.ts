/** Case names: short, readable, unique, and never a patient's name. */
import { basename, dirname, relative, sep } from 'node:path';
import picomatch from 'picomatch';

const FORMATS = /\.(nii|nii\.gz|hdr|hdr\.gz|img|nrrd|nhdr|mha|mhd|dcm|dicom|ima)$/i;

/** File stem without its format and without nnU-Net's channel number (`case_0000.nii.gz` is `case`). */
export function stem(path: string): string {
  return basename(path)
    .normalize('NFC')
    .replace(FORMATS, '')
    .replace(/_0000$/, '');
}

/** Letters, digits, dot, dash and underscore of any script. */
export const tidy = (s: string): string =>
  s
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}.-]+/gu, '_')
    .replace(/^[_.]+|_+$/g, '');

/** Names files by their stem, and by parent folders too where stems repeat. */
export function nameByPath(root: string, paths: readonly string[]): string[] {
  const stems = paths.map(stem);
  const repeats = new Map<string, number>();
  for (const s of stems) repeats.set(s, (repeats.get(s) ?? 0) + 1);
  const names = paths.map((path, n) => {
    if (repeats.get(stems[n]) === 1) return stems[n];
    const folders = relative(root, dirname(path)).split(sep).filter(Boolean).map(tidy);
    return [...folders, stems[n]].join('_');
  });
  return unique(names);
}

/** Adds -2, -3, ... to the second and later of equal names. */
export function unique(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${name}-${n}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

// `posix` makes `[!a-z]` mean what it means in a shell.
const OPTIONS = { dot: true, posix: true, nonegate: true, noextglob: true };

/**
 * A glob as a matcher of whole strings: `*` within a folder, `**` across, `?`, `[a-z]`, `[!a-z]`, `{a,b}`. A leading dot, `!`
 * and round brackets are ordinary signs, as they occur in names; a text that equals the glob always matches.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  const matches = picomatch(glob.replace(/[()|]/g, '\\$&'), OPTIONS);
  return (text) => text === glob || matches(text);
}
