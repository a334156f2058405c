import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { readMask, readVolume } from '../../src/imaging/index.ts';
import { temporaryFolder } from '../services/helpers.ts';
import { cohort, GRID, SMALL } from './cohort.ts';
import { decile } from './run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const atrium = join(root, '..', 'shared', 'data', 'left-atrium');
test('from new to export on the command line, with relative paths and JSON results', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const run = (...args: string[]) => decile(args, { cwd });
  const made = await run('new', 'p', '--label', 'organ:#112233', '--preset', 'mr', '--json');
  assert.equal(made.status, 0, made.stderr);
  assert.deepEqual(
    (made.json() as { labels: { name: string; colour: string }[] }).labels.map((l) => [l.name, l.colour]),
    [['organ', '#112233']],
  );
  const imported = await run('import', 'p', 'scans', '--labels', 'masks', '--json');
  assert.equal(imported.status, 0, imported.stderr);
  assert.equal((imported.json() as { added: unknown[] }).added.length, 4);
  const trained = await run(
    'train',
    'p',
    '--labelled',
    '2',
    '--validation',
    '1',
    '--steps',
    '4',
    '--validate-every',
    '4',
    '--checkpoint-every',
    '2',
    '--name',
    'r1',
    '--json',
    ...SMALL,
  );
  assert.equal(trained.status, 0, trained.stderr);
  const { state, step, labelled, unlabelled, validation } = trained.json() as Record<string, unknown>;
  assert.deepEqual([state, step, labelled, unlabelled, validation], ['finished', 4, 2, 1, 1]);
  assert.match(trained.stderr, /Training on 2 labelled and 1 unlabelled scans/);
  const again = await run('train', 'p', '--name', 'r1', '--steps', '1', '--json', ...SMALL);
  assert.deepEqual([again.status, (again.json() as { error: { code: string } }).error.code], [1, 'run/name-taken']);
  const none = await run('predict', 'p', '--json');
  assert.equal((none.json() as { error: { code: string } }).error.code, 'predict/no-scans');
  const predicted = await run('predict', 'p', '--scans', 'all', '--json');
  assert.equal(predicted.status, 0, predicted.stderr);
  assert.equal((predicted.json() as { predicted: unknown[] }).predicted.length, 4);
  const evaluated = await run('evaluate', 'p', '--reference', 'masks', '--json');
  assert.equal(evaluated.status, 0, evaluated.stderr);
  const report = evaluated.json() as { overall: { dice: number; n: number }; cases: { name: string; dice: number }[] };
  assert.deepEqual(Object.keys(report), ['overall', 'cases']);
  assert.deepEqual(
    report.cases.map((c) => c.name),
    ['a1', 'a2', 'a3', 'a4'],
  );
  const mean = report.cases.reduce((sum, c) => sum + c.dice, 0) / 4;
  assert.ok(Math.abs(report.overall.dice - mean) < 1e-9 && mean >= 0 && mean <= 100);
  const exported = await run('export', 'p', 'out', '--format', 'nifti', '--run', 'r1');
  assert.equal(exported.status, 0, exported.stderr);
  assert.deepEqual(readdirSync(join(cwd, 'out')), ['a1.nii.gz', 'a2.nii.gz', 'a3.nii.gz', 'a4.nii.gz']);
  assert.deepEqual((await readMask(join(cwd, 'out', 'a1.nii.gz'))).size, GRID.size);
  const status = await run('status', 'p', '--json');
  const seen = status.json() as {
    scans: { total: number; labelled: number; predicted: number };
    runs: { name: string; dice: number }[];
  };
  assert.deepEqual([seen.scans.total, seen.scans.labelled, seen.scans.predicted], [4, 4, 4]);
  assert.ok(Math.abs(seen.runs[0].dice - mean) < 1e-9);
});

test('Ctrl-C during training leaves a run that resume finishes', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  await decile(['new', 'p', '--label', 'organ', '--preset', 'mr'], { cwd });
  await decile(['import', 'p', 'scans', '--labels', 'masks'], { cwd });
  const stopped = await decile(['train', 'p', '--labeled', '2', '--steps', '40', ...SMALL], {
    cwd,
    interruptAt: /Training \d+\/40/,
  });
  assert.equal(stopped.status, 130, stopped.stderr);
  assert.match(stopped.stdout, /stopped at step \d+ of 40\. Go on with: decile resume p run-1/);
  const at = Number(/step (\d+) of/.exec(stopped.stdout)![1]);
  assert.ok(at >= 1 && at < 40, stopped.stdout);
  const resumed = await decile(['resume', 'p', '--json'], { cwd });
  assert.equal(resumed.status, 0, resumed.stderr);
  assert.match(resumed.stderr, new RegExp(`Going on at step ${at}`));
  assert.deepEqual((resumed.json() as { state: string; step: number }).step, 40);
});

test('a second writer is refused while training goes on, a reader is not', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  await decile(['new', 'p', '--label', 'organ', '--preset', 'mr'], { cwd });
  await decile(['import', 'p', 'scans', '--labels', 'masks'], { cwd });
  const { openProject } = await import('../../src/project/store/index.ts');
  const other = openProject(join(cwd, 'p'));
  t.after(() => other.close());
  const writer = await decile(['import', 'p', 'scans', '--json'], { cwd });
  assert.deepEqual([writer.status, (writer.json() as { error: { code: string } }).error.code], [1, 'project/in-use']);
  assert.equal((await decile(['status', 'p'], { cwd })).status, 0);
});

test('exit codes tell usage, failure and partial success apart', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const status = async (...args: string[]) => (await decile(args, { cwd })).status;
  assert.equal(await status('--help'), 0);
  assert.equal(await status('--version'), 0);
  assert.equal(await status('fly'), 2);
  assert.equal(await status('new', 'p', '--label', 'a', '--preset', 'xray'), 2);
  assert.equal(await status('new', 'p', '--preset', 'mr'), 2);
  assert.equal(await status('status', 'nowhere'), 1);
  assert.equal(await status('new', 'p', '--label', 'a', '--preset', 'mr'), 0);
  assert.equal(await status('new', 'p', '--label', 'a', '--preset', 'mr'), 1);
  assert.equal(await status('train', 'p'), 1);
  assert.equal(await status('train', 'p', '--steps', '0'), 2);
  truncateSync(join(cwd, 'scans', 'a2.nii.gz'), 100);
  assert.equal(await status('import', 'p', 'scans'), 4);
  mkdirSync(join(cwd, 'empty'));
  assert.equal(await status('import', 'p', 'empty'), 1);
  const usage = await decile(['train', 'p', '--method', 'magic', '--json'], { cwd });
  assert.deepEqual([usage.status, (usage.json() as { error: { code: string } }).error.code], [2, 'usage/invalid']);
});

test('convert writes any readable scan as NIfTI on its own grid', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const ran = await decile(['convert', 'scans/a1.nii.gz', 'one.nii', '--json'], { cwd });
  assert.equal(ran.status, 0, ran.stderr);
  const { volume } = await readVolume(join(cwd, 'one.nii'));
  assert.deepEqual([volume.size, volume.origin.map(Math.round)], [GRID.size, [5, 6, 7]]);
  assert.equal((await decile(['convert', 'scans/a1.nii.gz', 'one.png'], { cwd })).status, 2);
  writeFileSync(join(cwd, 'broken.nii'), 'nothing');
  assert.equal((await decile(['convert', 'broken.nii', 'two.nii'], { cwd })).status, 1);
  assert.equal(existsSync(join(cwd, 'two.nii')), false);
  const all = await decile(['convert', '.', 'all/', '--json'], { cwd });
  const { converted, failures } = all.json() as { converted: { output: string }[]; failures: { path: string }[] };
  assert.equal(all.status, 4, 'the broken file is named');
  assert.deepEqual(
    failures.map((f) => f.path),
    [join(cwd, 'broken.nii')],
  );
  assert.equal(readdirSync(join(cwd, 'all')).length, converted.length);
  assert.ok(converted.length > 1);
});

test('through npm run, relative paths start where the user stands', async (t) => {
  const cwd = temporaryFolder(t);
  const ran = spawnSync(
    'npm',
    ['--prefix', root, 'run', '--silent', 'decile', '--', 'new', 'here', '--label', 'a', '--preset', 'mr'],
    { cwd, encoding: 'utf8' },
  );
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(existsSync(join(cwd, 'here', 'project.sqlite')), true);
});

const [major] = (spawnSync('/usr/bin/node', ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout ?? '')
  .split('.')
  .map(Number);
test('an older Node hands over to the project’s own and forwards Ctrl-C', {
  skip: major >= 20 && major < 24 ? false : 'this machine has no Node 20 to 23 in /usr/bin',
}, async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const run = (args: string[], interruptAt?: RegExp) => decile(args, { cwd, node: '/usr/bin/node', interruptAt });
  assert.equal((await run(['new', 'p', '--label', 'organ', '--preset', 'mr'])).status, 0);
  assert.equal((await run(['status', 'nowhere'])).status, 1);
  await run(['import', 'p', 'scans', '--labels', 'masks']);
  const stopped = await run(['train', 'p', '--labeled', '2', '--steps', '400', ...SMALL], /Training \d+\/400/);
  assert.equal(stopped.status, 130, stopped.stderr);
  assert.match(stopped.stdout, /decile resume p run-1/);
});

test('real cardiac MR scans come in with their masks', {
  skip: existsSync(atrium) ? false : 'the left atrium scans are not here',
}, async (t) => {
  const cwd = temporaryFolder(t);
  await decile(['new', 'p', '--label', 'atrium', '--preset', 'mr'], { cwd });
  const ran = await decile(
    ['import', 'p', join(atrium, 'images'), '--labels', join(atrium, 'labels'), '--only', 'la_00[1-3]*', '--json'],
    { cwd },
  );
  assert.equal(ran.status, 0, ran.stderr);
  const report = ran.json() as { added: { name: string }[]; masks: unknown[]; failures: unknown[] };
  assert.deepEqual(
    [report.added.map((s) => s.name), report.masks.length, report.failures],
    [['la_001', 'la_002', 'la_003'], 3, []],
  );
  const plan = (await decile(['train', 'p', '--dry-run', '--labeled', '1', '--json'], { cwd })).json() as {
    labelled: string[];
    unlabelled: string[];
    fit: { patch: number[]; labelledPerStep: number };
  };
  assert.deepEqual([plan.labelled, plan.unlabelled], [['la_001'], ['la_002', 'la_003']]);
  // As the planned network needs: halved three times along each axis.
  assert.ok(plan.fit.patch.every((side) => side % 8 === 0 && side <= 96) && plan.fit.labelledPerStep >= 1);
  const told = (await decile(['train', 'p', '--dry-run', '--patch', '32,32,16'], { cwd })).stdout;
  assert.match(told, /Method bcp, 6000 steps of 1 labelled and 1 unlabelled patches of 32x32x16 voxels/);
});

test('every command and every flag is in the reference page', async () => {
  const { buildProgram } = await import('../../src/cli/program.ts');
  const page = readFileSync(join(root, 'docs', 'reference', 'cli.md'), 'utf8');
  const named = (command: Command, name: string): [string, Command][] => [
    [name, command],
    ...command.commands.flatMap((one) => named(one, `${name} ${one.name()}`)),
  ];
  const commands = buildProgram().commands.flatMap((command) => named(command, command.name()));
  assert.ok(commands.some(([name]) => name === 'review list'));
  for (const [name, command] of commands) {
    assert.ok(page.includes(`decile ${name}`), name);
    for (const option of command.options) assert.ok(page.includes(option.long!), `${name} ${option.long}`);
  }
});

test('the reference page lists every training option with its default, range and help', async () => {
  const { OPTIONS } = await import('../../src/core/options.ts');
  const { describeRule } = await import('../../src/core/parse-option.ts');
  const page = readFileSync(join(root, 'docs', 'reference', 'cli.md'), 'utf8');
  for (const o of OPTIONS) {
    const row = `| \`--${o.flag}\` | ${String(o.default)} | ${describeRule(o.rule)}${o.unit ? `, ${o.unit}` : ''} | ${o.help} |`;
    assert.ok(
      page.includes(row),
      `docs/reference/cli.md must hold this row (node scripts/options-table.ts writes the table):\n${row}`,
    );
  }
});
