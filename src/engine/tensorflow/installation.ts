/** Where a TensorFlow for this program may lie: the per-user cache that clones share, else node_modules. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export const TFJS_NODE_VERSION = '4.22.0';

/** One usable TensorFlow: the tfjs-node package with its compiled addon. */
export interface TensorflowInstallation {
  /** The folder of the package, with dist/ and lib/. */
  packageFolder: string;
  /** The compiled addon. */
  addon: string;
  /** `tfjs-node-gpu` was built for NVIDIA GPUs. */
  gpu: boolean;
  source: 'wheel' | 'download' | 'node_modules';
}

/** Written last by the set-up, so that a half-made folder is never used. */
export interface InstallationRecord {
  packageName: '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';
  source: 'wheel' | 'download';
  tensorflow: string;
  gpu: boolean;
}

/** DECILE_CACHE, else the user's cache folder of this operating system. */
export function cacheFolder(): string {
  if (process.env.DECILE_CACHE) return process.env.DECILE_CACHE;
  if (process.platform === 'win32') {
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'decile');
  }
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'decile');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'decile');
}

/** All installations are below this folder, one each, named by versions and platform. */
export function tensorflowCacheFolder(): string {
  return join(cacheFolder(), 'tensorflow');
}

/** The installations found, best first: GPU before CPU, the cache before node_modules. */
export function findTensorflow(): TensorflowInstallation[] {
  const found = [...inCache(), ...inNodeModules()];
  return found.sort((a, b) => Number(b.gpu) - Number(a.gpu));
}

function inCache(): TensorflowInstallation[] {
  const root = tensorflowCacheFolder();
  if (!existsSync(root)) return [];
  const ending = `-${process.platform}-${process.arch}`;
  const found: TensorflowInstallation[] = [];
  for (const name of readdirSync(root)) {
    const record = join(root, name, 'installed.json');
    if (!name.startsWith(TFJS_NODE_VERSION) || !name.endsWith(ending) || !existsSync(record)) continue;
    const { packageName, gpu, source } = JSON.parse(readFileSync(record, 'utf8')) as InstallationRecord;
    const packageFolder = join(root, name, 'node_modules', packageName);
    const addon = findAddon(packageFolder);
    if (addon) found.push({ packageFolder, addon, gpu, source });
  }
  return found;
}

function inNodeModules(): TensorflowInstallation[] {
  const require = createRequire(import.meta.url);
  const found: TensorflowInstallation[] = [];
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      const packageFolder = dirname(require.resolve(`${name}/package.json`));
      const addon = findAddon(packageFolder);
      if (addon) found.push({ packageFolder, addon, gpu: name.endsWith('gpu'), source: 'node_modules' });
    } catch {
      // An optional dependency that could not be installed is simply not there.
    }
  }
  return found;
}

function findAddon(packageFolder: string): string | undefined {
  const lib = join(packageFolder, 'lib');
  if (!existsSync(lib)) return undefined;
  const versions = readdirSync(lib).filter((name) => name.startsWith('napi-v'));
  const newestFirst = versions.sort((a, b) => Number(b.slice(6)) - Number(a.slice(6)));
  return newestFirst.map((name) => join(lib, name, 'tfjs_binding.node')).find((path) => existsSync(path));
}
