/** Sets TensorFlow up when it is missing, unless told not to. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findTensorflow } from '../../engine/installation.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/setup-tensorflow.ts', import.meta.url));

/** @returns whether TensorFlow is there now */
export async function ensureTensorflow(
  allowed: boolean,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  if (findTensorflow().length > 0) return true;
  if (!allowed) {
    say('TensorFlow is not installed and --no-setup was given: a small demo runs on the slow engine.');
    return false;
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
  const ready = findTensorflow().length > 0;
  if (!ready) say('Without TensorFlow a small demo runs on the slow engine.');
  return ready;
}
