/** `decile serve` in a process of its own, which a test may kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));

export interface OwnProcess {
  child: ChildProcess;
  url: string;
  gone: Promise<unknown>;
}

export async function serveApart(args: string[], env: NodeJS.ProcessEnv): Promise<OwnProcess> {
  const child = spawn(process.execPath, [LAUNCHER, 'serve', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((done) => child.once('exit', done));
  const url = await new Promise<string>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /http:\S+/.exec(line)?.[0];
      if (found) done(found);
    });
    void gone.then(() => fail(new Error('The server must start, got an end.')));
  });
  return { child, url, gone };
}
