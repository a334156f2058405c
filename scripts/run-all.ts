/** Runs programs of node_modules beside each other and says of each that failed what it said. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const env = { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}` };

/** @param checks what each is called, and its program with arguments; the exit code is 1 where one failed */
export async function runAll(checks: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const waiting = Object.entries(checks);
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, command] = next;
      const { status, said } = await run(command);
      if (status === 0) continue;
      failed.push(name);
      console.error(`\n== ${name}\n${said.trim()}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  if (failed.length === 0) return console.log(`Right: ${Object.keys(checks).join(', ')}.`);
  console.error(`\nWrong: ${failed.join(', ')}.`);
  process.exitCode = 1;
}

function run([program, ...args]: readonly string[]): Promise<{ status: number | null; said: string }> {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: ROOT, env, shell: process.platform === 'win32' });
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', (error) => done({ status: null, said: error.message }));
    child.once('close', (status) => done({ status, said }));
  });
}
