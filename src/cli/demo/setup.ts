/** Sets TensorFlow up when it is missing, unless told not to, and tells which engine will compute. */
import { fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { trainerEnvironment } from '../../engine/machine/environment.ts';
import { findTensorflow } from '../../engine/tensorflow/installation.ts';
import { DecileError } from '../../shared/errors.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/setup-tensorflow.ts', import.meta.url));

/** Says what it does; without TensorFlow the best other engine computes. */
export async function ensureTensorflow(
  allowed: boolean,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (findTensorflow().length > 0) return;
  if (!allowed) {
    say('TensorFlow is not installed and --no-setup was given: the demo runs on the best other engine.');
    return;
  }
  say('TensorFlow is not installed. Setting it up once for this user, as `npm run setup:tensorflow` does ...');
  // Its words go to stderr: stdout belongs to the result.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT], {
    stdio: ['ignore', 2, 2],
    signal,
  });
  await new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  signal.throwIfAborted();
  if (findTensorflow().length === 0) say('Without TensorFlow the demo runs on the best other engine.');
}

/** Name of the engine that `auto` means now. Asked beforehand: one step of the full demo on the slow engine takes minutes. */
export async function engineName(signal: AbortSignal): Promise<string> {
  const child = fork(fileURLToPath(new URL('./which-engine.ts', import.meta.url)), [], {
    env: { ...trainerEnvironment(), ...process.env },
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=DEP0044'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    signal,
  });
  return new Promise((resolve, reject) => {
    child.once('message', (name) => {
      child.disconnect();
      resolve(String(name));
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      const message = `To compute, an engine must start, got exit code ${code}.`;
      reject(new DecileError('engine/broken', message, 'See `decile engines`.'));
    });
  });
}
