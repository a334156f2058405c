/** Installs tfjs-node as its makers publish it: a prebuilt addon with libtensorflow 2.9. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNvidiaDriver } from '../../src/engine/machine/nvidia.ts';
import { type InstallationRecord, TFJS_NODE_VERSION } from '../../src/engine/tensorflow/installation.ts';
import { run } from './commands.ts';
import { checkPublished } from './cuda.ts';
import { writeTfjsStandIn } from './stand-in.ts';

export function installByDownload(folder: string, gpu: boolean, say: (line: string) => void): InstallationRecord {
  if (gpu) checkPublished(findNvidiaDriver());
  const packageName = gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  say(`  installing ${packageName} with npm`);
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', `${packageName}@${TFJS_NODE_VERSION}`], {
    cwd: folder,
  });
  writeTfjsStandIn(folder);
  const lib = join(folder, 'node_modules', packageName, 'lib');
  if (!existsSync(lib) || readdirSync(lib).length === 0) throw new Error('npm brought the package without its addon');
  return { packageName, source: 'download', tensorflow: '2.9.1', gpu };
}
