/** A wrong option of a bench is told in one line with exit code 2, and nothing is made. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const out = join(tmpdir(), 'decile-no-bench-here');
const CASES: [string[], RegExp][] = [
  [[], /^A bench must be one of step, .*, got none\.\n$/],
  [['paint', '--data', tmpdir(), '--out', out], /^--data must be a folder with labels\/ .*, got .*\.\n$/],
  [['paint', '--dat', 'x'], /^Unknown option '--dat'.*\n$/s],
  [['step', '--reading', 'both'], /^--reading must be default or paper, got both\.\n$/],
  [['viewer', '--only', 'xx'], /^--only must be of cpu, .*, got xx\.\n$/],
];

for (const [args, said] of CASES)
  test(`bench ${args.slice(0, 3).join(' ')}`, async () => {
    const { code, text } = await new Promise<{ code: unknown; text: string }>((done) =>
      execFile(process.execPath, ['bench/index.ts', ...args], (error, _, text) => done({ code: error?.code, text })),
    );
    assert.equal(code, 2, text);
    assert.match(text, said);
    assert.ok(!existsSync(out));
  });
