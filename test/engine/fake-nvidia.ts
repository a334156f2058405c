/** An NVIDIA driver that is not there. */
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../store/helpers.ts';

/** Until the test ends `nvidia-smi` answers these fields, a line for each GPU, and fails for all others. */
export function fakeNvidia(t: TestContext, answers: Record<string, string[]>): void {
  const folder = temporaryFolder(t);
  const program = join(folder, 'nvidia-smi');
  const cases = Object.entries(answers).map(
    ([fields, lines]) => `--query-gpu=${fields}) printf '${lines.join('\\n')}\\n';;`,
  );
  writeFileSync(
    program,
    `#!/bin/sh\ncase "$1" in\n${cases.join('\n')}\n*) echo not a valid field to query; exit 2;;\nesac\n`,
  );
  chmodSync(program, 0o755);
  const { PATH } = process.env;
  process.env.PATH = [folder, PATH].join(delimiter);
  t.after(() => {
    process.env.PATH = PATH;
  });
}
