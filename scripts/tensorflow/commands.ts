/** Running the programs that the set-up needs. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Runs to the end and returns stdout; throws with the last lines of its output. */
export function run(program: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const shell = process.platform === 'win32' && program === 'npm';
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, shell, ...options });
  if (result.error) throw new Error(`${program} could not be started (${result.error.message})`);
  if (result.status !== 0) {
    const tail = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-4).join(' | ');
    throw new Error(`${basename(program)} ${args[0]} ended with ${result.status ?? result.signal}: ${tail}`);
  }
  return result.stdout;
}

export function works(program: string, args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** Unpacks one package of the npm registry, without its dependencies and scripts, into `target`. */
export function unpackNpmPackage(specifier: string, target: string): void {
  const scratch = `${target}.unpacking`;
  mkdirSync(scratch, { recursive: true });
  run('npm', ['pack', '--silent', '--ignore-scripts', specifier], { cwd: scratch });
  const archive = readdirSync(scratch).find((name) => name.endsWith('.tgz'));
  if (!archive) throw new Error(`npm pack ${specifier} left no archive`);
  run('tar', ['xzf', archive], { cwd: scratch });
  mkdirSync(dirname(target), { recursive: true });
  renameSync(join(scratch, 'package'), target);
  rmSync(scratch, { recursive: true });
}
