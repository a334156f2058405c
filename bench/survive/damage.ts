/** Damages a file whose loss costs no stroke: whatever it is, the project must open with all the rest. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

type Kind = [name: string, pick: (path: string, all: readonly string[]) => boolean, how: (path: string) => void];

const flip = (path: string): void => {
  const bytes = readFileSync(path);
  if (bytes.length > 0) bytes[Math.floor(Math.random() * bytes.length)] ^= 0x55;
  writeFileSync(path, bytes);
};
const cut = (path: string): void => truncateSync(path, Math.floor(readFileSync(path).length / 2));
/** As a loss of power leaves it: the beginning of a stroke that nobody was told of. */
const begin = (path: string): void =>
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from([40, 0, 0, 0, 1])]));

const version = (path: string) => /^masks\/(\d+)\/(\d+)\.nii\.gz$/.exec(path);

const KINDS: readonly Kind[] = [
  ['an older version', isOlder, flip],
  ['a journal', (path) => path.endsWith('.journal'), begin],
  ['a prepared scan', (path) => path.startsWith('cache/'), cut],
  ['a checkpoint', (path) => /^runs\/.*\.safetensors$/.test(path), flip],
  ['an entropy', (path) => /^runs\/.*\.nii(\.gz)?$/.test(path), cut],
  [
    'the lock',
    (path) => path === '.decile.lock' || path === '.decile.lock.holder',
    (path) => writeFileSync(path, 'damage'),
  ],
];

/** @returns the file, relative to the project, and what it is; null where there is none of a kind chosen by chance */
export function damageOne(folder: string): { file: string; what: string } | null {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const possible = KINDS.map(([what, pick, how]) => ({ what, how, files: all.filter((path) => pick(path, all)) }));
  const some = possible.filter(({ files }) => files.length > 0);
  if (some.length === 0) return null;
  const { what, how, files } = some[Math.floor(Math.random() * some.length)];
  const file = files[Math.floor(Math.random() * files.length)];
  if (existsSync(join(folder, file))) how(join(folder, file));
  return { file, what };
}

/** Not the last two of its scan: one of them may be what its strokes stand on. */
function isOlder(path: string, all: readonly string[]): boolean {
  const own = version(path);
  if (!own) return false;
  const newer = all.filter((other) => {
    const found = version(other);
    return found?.[1] === own[1] && Number(found?.[2]) > Number(own[2]);
  });
  return newer.length > 2;
}
