/** Variables of the environment that say what no one can follow are refused, whatever the command, and none is shown that is secret. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { userFolder } from '../../src/api/settings.ts';
import { startEngine } from '../../src/engine/choose/index.ts';
import { usableCores } from '../../src/engine/machine/environment.ts';
import { decile } from './run.ts';

/** Sets variables until the test ends. */
function set(t: { after(fn: () => void): void }, variables: Record<string, string>): void {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  t.after(() => {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
}

const WRONG = [
  ['DECILE_MATRIX_UNITS', 'yes', /must be on or off, got yes/],
  ['DECILE_MATRIX_UNITS', 'ON', /must be on or off, got ON/],
  ['DECILE_THREADS', 'four', /must be a whole number of cores, 0 for all, got four/],
  ['DECILE_THREADS', '-2', /got -2/],
  ['DECILE_THREADS', '1.5', /got 1.5/],
] as const;

for (const [name, value, message] of WRONG)
  test(`${name}=${value} is refused by commands and engines`, async (t) => {
    const said = await decile(['status', tmpdir(), '--json'], { env: { [name]: value } });
    const { error } = said.json() as { error: { code: string; message: string } };
    assert.deepEqual([said.status, error.code], [2, 'option/invalid']);
    assert.match(error.message, message);
    set(t, { [name]: value });
    for (const engine of ['cpu', 'auto'] as const)
      await assert.rejects(startEngine(engine), { code: 'option/invalid' });
  });

test('an empty variable is one that is not there', async (t) => {
  set(t, { DECILE_MATRIX_UNITS: '', DECILE_THREADS: '', DECILE_CONFIG: '', XDG_CONFIG_HOME: join(homedir(), 'x') });
  await startEngine('cpu');
  assert.ok(usableCores() >= 1);
  assert.equal(userFolder(), join(homedir(), 'x', 'decile'));
});

test('DECILE_MATRIX_UNITS may be on or off, DECILE_THREADS a number of cores', async (t) => {
  set(t, { DECILE_MATRIX_UNITS: 'off', DECILE_THREADS: '3' });
  await startEngine('cpu');
  assert.equal(usableCores(), 3);
  set(t, { DECILE_MATRIX_UNITS: 'on' });
  await startEngine('cpu');
});

test('an authorization that no header can hold is refused without being shown', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-environment-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const project = join(folder, 'project');
  await decile(['new', project, '--label', 'kidney', '--preset', 'ct-kidney']);
  for (const secret of ['Bearer secret\nword', 'Bearer sécret-wörd €']) {
    const env = { DECILE_DICOMWEB_AUTHORIZATION: secret };
    const said = await decile(['import', project, '--dicomweb', 'http://127.0.0.1:9', '--study', '1.2.3'], { env });
    assert.equal(said.status, 2);
    assert.match(said.stderr, /DECILE_DICOMWEB_AUTHORIZATION must be one line/);
    assert.doesNotMatch(said.stdout + said.stderr, /secret|sécret/);
  }
});

test('help is there whatever the environment says', async () => {
  const said = await decile(['--help'], { env: { DECILE_THREADS: 'four' } });
  assert.equal(said.status, 0);
  assert.match(said.stdout, /Usage: decile/);
});
