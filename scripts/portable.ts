/**
 * `npm run package -- --portable`: one archive of the command line with Node, Dawn and SQLite inside, for a machine without
 * network and without npm: unpack it anywhere, run `./decile`. For the system that it is made on.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ROOT } from './build.ts';

const SYSTEM = `${process.platform}-${process.arch}`;
/** The most that the archive may weigh. */
const MOST_MIB = 60;

/** Of the program: all but the windows, which need Electron or a bundler. */
const SOURCES = ['src', 'bench', 'bin', 'package.json', 'LICENSE', 'NOTICE', ...reference()];
const WINDOWS = ['src/renderer', 'src/main', 'src/preload', 'src/engine/simd/assembly', 'bench/viewer', 'bench/tfjs'];

/** The steps in PyTorch, which the bench runs where PyTorch is. */
function reference(): string[] {
  return ['exact', 'golden', 'losses', 'methods', 'metrics', 'train', 'unet', 'vnet'].map(
    (name) => `test/reference/${name}.py`,
  );
}

/** What a package has beside what runs. */
const IDLE =
  /\.(map|md|markdown|flow|ts|mts|cts|tsx|gyp|c|cpp|h|html)$|^(test|tests|__tests__|docs?|examples?|deps)\//i;

/** What of a package is for this system, where it brings the others along; true where it does not. */
const FOR_SYSTEM: Record<string, (path: string) => boolean> = {
  webgpu: (path) => !path.startsWith('dist/') || path.startsWith(`dist/${process.platform}-${dawnArch()}/`),
  'better-sqlite3': (path) => !/^(src|deps|prebuilds)\//.test(path) || path === `prebuilds/${SYSTEM}.node`,
  // Node takes one file of each; the others are for bundlers and pages.
  '@tensorflow/tfjs': node,
  '@tensorflow/tfjs-core': node,
  '@tensorflow/tfjs-layers': node,
  '@tensorflow/tfjs-data': node,
  '@tensorflow/tfjs-converter': node,
  '@tensorflow/tfjs-backend-cpu': node,
  '@tensorflow/tfjs-backend-webgl': node,
};

function node(path: string): boolean {
  return !path.includes('/') || /^dist\/tf[\w-]*\.node\.js$/.test(path);
}

function dawnArch(): string {
  return process.platform === 'darwin' ? 'universal' : process.arch;
}

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Folder of a package as a module in `from` finds it. */
function folderOf(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at)) return undefined;
  }
}

/** Folders of the packages that run, and of those that they need. */
function packages(): Set<string> {
  const found = new Set<string>();
  const follow = (name: string, from: string) => {
    const folder = folderOf(name, from);
    if (!folder || found.has(folder)) return;
    found.add(folder);
    for (const needed of Object.keys(manifest(folder).dependencies ?? {})) follow(needed, folder);
  };
  for (const name of [...Object.keys(manifest(ROOT).dependencies ?? {}), 'webgpu']) follow(name, ROOT);
  return found;
}

function copyPackage(folder: string, to: string): void {
  const name = folder
    .slice(folder.lastIndexOf('node_modules') + 'node_modules/'.length)
    .split(sep)
    .join('/');
  const fits = FOR_SYSTEM[name] ?? (() => true);
  cpSync(folder, to, {
    recursive: true,
    dereference: true,
    filter(path) {
      const inside = relative(folder, path).split(sep).join('/');
      if (inside === '') return true;
      if (inside === 'node_modules' || inside.startsWith('node_modules/')) return false;
      return statSync(path).isDirectory() || (fits(inside) && !IDLE.test(inside));
    },
  });
}

const LAUNCHER = `#!/bin/sh
# The command line of Decile with its own Node. "bench" runs the measurements: ./decile bench gpu --out gpu.json
here=$(cd "$(dirname "$0")" && pwd)
PATH="$here:$PATH"
export PATH
if [ "$1" = bench ]; then
  shift
  exec "$here/node" --disable-warning=ExperimentalWarning "$here/bench/index.ts" "$@"
fi
exec "$here/node" --disable-warning=ExperimentalWarning "$here/bin/decile.mjs" "$@"
`;

/** Makes the archive in a folder, dist/ where none is named, and gives its path. */
export function portable(into = join(ROOT, 'dist')): string {
  if (process.platform === 'win32') throw new Error('A portable archive must be made on Linux or macOS, got Windows.');
  const name = `decile-portable-${SYSTEM}`;
  const folder = join(into, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const source of SOURCES)
    cpSync(join(ROOT, source), join(folder, source), {
      recursive: true,
      filter: (path) => !WINDOWS.includes(relative(ROOT, path).split(sep).join('/')) && !path.includes('__pycache__'),
    });
  for (const each of packages()) copyPackage(each, join(folder, relative(ROOT, each)));
  copyFileSync(process.execPath, join(folder, 'node'));
  chmodSync(join(folder, 'node'), 0o755);
  // Names of functions for debuggers are a fifth of Node; without the tool they stay.
  spawnSync('strip', ['--strip-unneeded', join(folder, 'node')], { stdio: 'ignore' });
  writeFileSync(join(folder, 'decile'), LAUNCHER, { mode: 0o755 });
  const xz = spawnSync('xz', ['--version'], { stdio: 'ignore' }).status === 0;
  const archive = join(into, `${name}.tar.${xz ? 'xz' : 'gz'}`);
  const { status, stderr } = spawnSync('tar', ['-C', into, xz ? '-cJf' : '-czf', archive, name], {
    encoding: 'utf8',
    env: { ...process.env, XZ_OPT: '-2' },
  });
  if (status !== 0) throw new Error(`The archive must be written, got: ${stderr}`);
  const mebibytes = statSync(archive).size / 2 ** 20;
  console.log(`${archive}: ${mebibytes.toFixed(1)} MiB`);
  if (mebibytes > MOST_MIB)
    throw new Error(`The archive must be at most ${MOST_MIB} MiB, got ${mebibytes.toFixed(1)}.`);
  return archive;
}
