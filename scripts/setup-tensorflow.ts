/**
 * `npm run setup:tensorflow`: makes the fast engine available, once for all clones of this user.
 *
 * Two ways, tried in this order unless --from says otherwise:
 *   wheel     builds the TensorFlow.js addon against the TensorFlow of the current Python wheel (Linux; needs python3, pip, g++)
 *   download  the addon and libtensorflow as TensorFlow.js publishes them (older: 2.9, CUDA 11.2)
 * The result lies in the user's cache folder (DECILE_CACHE overrides it), because `npm ci` empties node_modules.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findNvidiaDriver } from '../src/engine/machine/nvidia.ts';
import {
  findTensorflow,
  type InstallationRecord,
  type TensorflowInstallation,
  TFJS_NODE_VERSION,
  tensorflowCacheFolder,
} from '../src/engine/tensorflow/installation.ts';
import { installByDownload } from './tensorflow/download.ts';
import { verifyInChild } from './tensorflow/verify.ts';
import { installFromWheel } from './tensorflow/wheel.ts';

/** A way to make an installation inside `folder`; throws with the reason when the way is closed. */
export type Way = (folder: string, gpu: boolean, say: (line: string) => void) => InstallationRecord;

const WAYS: Record<InstallationRecord['source'], Way> = { wheel: installFromWheel, download: installByDownload };

function main(): void {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      force: { type: 'boolean', default: false },
      from: { type: 'string' },
      gpu: { type: 'boolean', default: findNvidiaDriver() !== undefined },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log('npm run setup:tensorflow -- [--force] [--from wheel|download] [--gpu|--no-gpu] [--quiet]');
    return;
  }
  if (values.from !== undefined && !(values.from in WAYS)) {
    fail(`--from must be wheel or download, got ${values.from}.`);
  }
  const say = values.quiet ? () => {} : (line: string) => console.log(line);

  if (!values.force && reportExisting(values.gpu, say)) return;

  const order = (values.from ? [values.from] : ['wheel', 'download']) as InstallationRecord['source'][];
  const gpuChoices = values.gpu ? [true, false] : [false];
  const reasons: string[] = [];
  for (const gpu of gpuChoices) {
    for (const source of order) {
      say(`Setting up TensorFlow ${gpu ? 'with CUDA ' : ''}by ${source} (about 1 GB of disk, a minute or two) ...`);
      try {
        const result = install(source, gpu, say);
        console.log(`TensorFlow is ready: ${result}`);
        if (values.gpu && !gpu) console.log(`Without CUDA:\n${reasons.map((r) => `  - ${r}`).join('\n')}`);
        return;
      } catch (error) {
        const reason = `${gpu ? 'GPU, ' : ''}${source}: ${(error as Error).message}`;
        say(`  not this way. ${reason}`);
        reasons.push(reason);
      }
    }
  }
  fail(
    `TensorFlow could not be set up; training still runs on the slow engine.\n${reasons.map((r) => `  - ${r}`).join('\n')}\n` +
      'What helps: python3 with pip and g++ (Debian: apt-get install python3-pip g++), and a network that reaches the Python package index.',
  );
}

/** Keeps what is installed and works; a CPU installation does not count where a GPU one is wanted. */
function reportExisting(wantGpu: boolean, say: (line: string) => void): boolean {
  for (const installation of findTensorflow()) {
    if (wantGpu && !installation.gpu) continue;
    try {
      console.log(`TensorFlow is ready: ${verifyInChild(installation)}, in ${installation.packageFolder}`);
      return true;
    } catch (error) {
      say(`The installation in ${installation.packageFolder} does not work: ${(error as Error).message}`);
    }
  }
  return false;
}

/** Builds in a folder beside the final one, verifies, and renames: a stopped set-up leaves nothing that looks ready. */
function install(source: InstallationRecord['source'], gpu: boolean, say: (line: string) => void): string {
  const root = tensorflowCacheFolder();
  mkdirSync(root, { recursive: true });
  const folder = mkdtempSync(join(root, 'unfinished-'));
  try {
    const record = WAYS[source](folder, gpu, say);
    const packageFolder = join(folder, 'node_modules', record.packageName);
    const installation: TensorflowInstallation = { packageFolder, addon: addonOf(packageFolder), gpu, source };
    say('  checking a 3D convolution, forward and back, against the slow reference');
    const version = verifyInChild(installation);
    writeFileSync(join(folder, 'installed.json'), `${JSON.stringify(record, null, 2)}\n`);
    const name = `${TFJS_NODE_VERSION}-${record.tensorflow}${gpu ? '-gpu' : ''}-${process.platform}-${process.arch}`;
    rmSync(join(root, name), { recursive: true, force: true });
    renameSync(folder, join(root, name));
    return `${version}, in ${join(root, name)}`;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function addonOf(packageFolder: string): string {
  return join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node');
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

main();
