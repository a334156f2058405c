/** A Python with what a comparison needs: DECILE_PYTHON, python3, or a virtual environment made once in the user's cache. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../src/engine/tensorflow/installation.ts';

/** @returns undefined where PyTorch cannot be had; says what it does on standard error */
export const findPyTorch = (): string | undefined =>
  findPython(['torch', 'numpy', 'scipy'], ['torch', 'numpy', 'scipy']);

/** Says where the Python that DECILE_PYTHON names is not the one that is taken. */
export function sayUnfit(works: (python: string) => boolean, what: string): void {
  const named = process.env.DECILE_PYTHON;
  if (named && !works(named))
    console.error(`DECILE_PYTHON must name a Python with ${what}, got ${named}: another one is looked for.`);
}

/**
 * @param modules what it must be able to import
 * @param packages what is installed for them in the virtual environment where neither of the others has them
 * @returns undefined where it cannot be had; says what it does on standard error
 */
export function findPython(modules: readonly string[], packages: readonly string[]): string | undefined {
  const works = (python: string): boolean =>
    spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0;
  const own = join(cacheFolder(), 'bench-python');
  const ownPython = join(own, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  sayUnfit(works, modules.join(', '));
  for (const python of [process.env.DECILE_PYTHON, 'python3', ownPython]) {
    if (python && works(python)) return python;
  }
  console.error(`Installing ${packages.join(', ')} for the comparison (once) ...`);
  if (!existsSync(ownPython)) spawnSync('python3', ['-m', 'venv', own], { stdio: 'ignore' });
  spawnSync(ownPython, ['-m', 'pip', 'install', '-q', ...packages], { stdio: ['ignore', 'ignore', 'ignore'] });
  return works(ownPython) ? ownPython : undefined;
}
