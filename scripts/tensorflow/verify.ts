/** Proves in a process of its own that an installation computes rightly: a crash there is a message here. */
import { fileURLToPath } from 'node:url';
import type { TensorflowInstallation } from '../../src/engine/tensorflow/installation.ts';
import { run } from './commands.ts';

/** @returns TensorFlow's version */
export function verifyInChild(installation: TensorflowInstallation): string {
  const script = fileURLToPath(new URL('verify-child.ts', import.meta.url));
  return run(process.execPath, [script, JSON.stringify(installation)]).trim();
}
