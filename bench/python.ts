/** A Python with PyTorch: DECILE_PYTHON, python3, or a virtual environment made once in the user's cache. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../src/engine/tensorflow/installation.ts';

const works = (python: string): boolean =>
  spawnSync(python, ['-c', 'import torch, numpy, scipy'], { stdio: 'ignore' }).status === 0;

/** @returns undefined where PyTorch cannot be had; says what it does on standard error */
export function findPyTorch(): string | undefined {
  const own = join(cacheFolder(), 'bench-python');
  const ownPython = join(own, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  for (const python of [process.env.DECILE_PYTHON, 'python3', ownPython]) {
    if (python && works(python)) return python;
  }
  console.error('Installing PyTorch for the comparison (once) ...');
  if (!existsSync(ownPython)) spawnSync('python3', ['-m', 'venv', own], { stdio: 'ignore' });
  spawnSync(ownPython, ['-m', 'pip', 'install', '-q', 'torch', 'numpy', 'scipy'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  return works(ownPython) ? ownPython : undefined;
}
