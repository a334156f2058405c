import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/decile.mjs', import.meta.url));

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
  json(): never;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Sends SIGINT once stderr matches. */
  interruptAt?: RegExp;
  /** Another Node than the tests' own. */
  node?: string;
}

/** Runs the command line as a user does: the launcher in a process of its own. */
export function decile(
  args: string[],
  { cwd, env, interruptAt, node = process.execPath }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(node, [LAUNCHER, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, sent] = ['', '', false];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (!sent && interruptAt?.test(stderr)) {
      sent = true;
      child.kill('SIGINT');
    }
  });
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr, json: () => JSON.parse(stdout) as never }));
  });
}
