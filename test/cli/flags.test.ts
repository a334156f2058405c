import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { parseLabel } from '../../src/cli/commands/new.ts';
import { addTrainingFlags, givenOptions, normaliseSpelling } from '../../src/cli/flags.ts';
import { table } from '../../src/cli/output.ts';
import { userFolder } from '../../src/cli/place.ts';
import { duration, durationInWords } from '../../src/core/duration.ts';
import type { DecileError } from '../../src/core/errors.ts';
import { DEFAULT_OPTIONS, OPTIONS } from '../../src/core/options.ts';
import { parseOption, resolveOptions } from '../../src/core/parse-option.ts';

const parse = (args: string[]) => {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addTrainingFlags(command);
  command.parse(normaliseSpelling(args), { from: 'user' });
  return givenOptions(command.opts());
};

test('every training option has a flag, and its default text is accepted back', () => {
  for (const option of OPTIONS) {
    assert.deepEqual(
      parse([`--${option.flag}`, String(option.default)]),
      { [option.key]: option.default },
      option.flag,
    );
  }
});

test('flags become typed options; what is left out keeps its default', () => {
  const given = parse([
    '--patch',
    '64,64,32',
    '--spacing',
    'native',
    '--learning-rate=0.02',
    '--method',
    'mean-teacher',
    '--unlabeled-branch',
    'student',
  ]);
  assert.deepEqual(given, {
    patch: [64, 64, 32],
    spacing: 'native',
    learningRate: 0.02,
    method: 'mean-teacher',
    unlabelledBranch: 'student',
  });
  assert.deepEqual(resolveOptions(given), { ...DEFAULT_OPTIONS, ...given });
  assert.deepEqual(parse([]), {});
});

test('British spellings are the same flags', () => {
  assert.deepEqual(parse(['--unlabelled-batch', '3', '--labelled-batch=1']), {
    unlabelledPerStep: 3,
    labelledPerStep: 1,
  });
  assert.deepEqual(normaliseSpelling(['--labelled', '8', '--', '--labelled']), ['--labeled', '8', '--', '--labelled']);
  assert.deepEqual(normaliseSpelling(['--name', 'labelled', '--notes=all labelled']), [
    '--name',
    'labelled',
    '--notes=all labelled',
  ]);
});

test('one parser serves typed text, study files and calls, and refuses what the table does not allow', () => {
  const row = (flag: string) => OPTIONS.find((option) => option.flag === flag)!;
  for (const [flag, given, value] of [
    ['steps', '300', 300],
    ['steps', 300, 300],
    ['beta', ' 0.5 ', 0.5],
    ['method', 'supervised', 'supervised'],
    ['patch', 'auto', 'auto'],
    ['patch', '64, 64,32', [64, 64, 32]],
    ['patch', '64x64x32', [64, 64, 32]],
    ['patch', '64 × 64 × 32', [64, 64, 32]],
    ['patch', [64, 64, 32], [64, 64, 32]],
    ['patch', '40,56,10', [40, 56, 10]],
    ['spacing', 'auto', 'auto'],
    ['spacing', 'native', 'native'],
    ['spacing', '1.25', 1.25],
    ['spacing', '0.8, 0.8, 5', [0.8, 0.8, 5]],
  ] as const) {
    assert.deepEqual(parseOption(row(flag), given), value, `${flag} ${given}`);
  }
  for (const [flag, given] of [
    ['steps', 'many'],
    ['steps', ''],
    ['steps', '1.5'],
    ['steps', 0],
    ['steps', Number.NaN],
    ['steps', null],
    ['steps', true],
    ['beta', '1001'],
    ['beta', '1e999'],
    ['method', 'magic'],
    ['method', 1],
    ['patch', '64,x,32'],
    ['patch', '2,64,32'],
    ['patch', '60.5,64,32'],
    ['patch', '64,64'],
    ['patch', '64,,32'],
    ['patch', [64, 64, 0]],
    ['spacing', 'fine'],
    ['spacing', '0'],
    ['spacing', 50.1],
    ['spacing', '1,1'],
    ['spacing', '1,0,1'],
  ] as const) {
    assert.throws(
      () => parseOption(row(flag), given),
      (error: DecileError) => error.code === 'option/invalid' && error.message.includes(`--${flag} must be `),
      `${flag} ${given}`,
    );
  }
});

test('sides that are no multiples of 16 and deep supervision are for planned networks alone', () => {
  const planned = resolveOptions({ network: 'planned', patch: [40, 56, 10], deepSupervision: 'on' });
  assert.deepEqual(planned.patch, [40, 56, 10]);
  for (const network of ['unet', 'vnet'] as const) {
    assert.throws(() => resolveOptions({ network, patch: [40, 56, 10] }), {
      code: 'option/invalid',
      message: /^--patch must be .* divisible by 16 for --network (unet|vnet), got 40,56,10/,
      cure: /48,64,16/,
    });
    assert.throws(() => resolveOptions({ network, deepSupervision: 'on' }), { code: 'option/invalid' });
  }
});

test('labels take a colour by number or by word', () => {
  assert.deepEqual(parseLabel('kidney'), [{ name: 'kidney' }]);
  assert.deepEqual(parseLabel('cyst:#ABCDEF', [{ name: 'a' }]), [{ name: 'a' }, { name: 'cyst', colour: '#abcdef' }]);
  assert.deepEqual(parseLabel('x:f00'), [{ name: 'x', colour: '#ff0000' }]);
  assert.deepEqual(parseLabel('x:blue')[0].colour, '#0060ff');
  assert.throws(() => parseLabel('x:mauvish'), /colour/);
  assert.throws(() => parseLabel(':red'), /NAME/);
});

test('relative paths start where the user stands, also through npm', () => {
  const root = join(fileURLToPath(new URL('../..', import.meta.url)), '.');
  const home = root.replace(/\/$/, '');
  const npm = { npm_package_name: 'decile', INIT_CWD: '/home/user/scans' };
  assert.equal(userFolder({ ...npm, npm_lifecycle_event: 'decile' }, home), '/home/user/scans');
  assert.equal(userFolder({ ...npm, npm_lifecycle_event: 'demo' }, home), '/home/user/scans');
  // Started by the program's own tests or another program's script, from a folder of its choice.
  assert.equal(userFolder({ ...npm, npm_lifecycle_event: 'test' }, home), home);
  assert.equal(
    userFolder({ ...npm, npm_package_name: 'other', npm_lifecycle_event: 'decile' }, '/elsewhere'),
    '/elsewhere',
  );
  assert.equal(userFolder({ ...npm, npm_lifecycle_event: 'decile' }, '/elsewhere'), '/elsewhere');
  assert.equal(userFolder({}, '/elsewhere'), '/elsewhere');
});

test('tables align figures to the right and write - for nothing', () => {
  assert.equal(
    table(
      ['case', 'Dice'],
      [
        ['a', 9.5],
        ['long', 88.123],
        ['c', null],
      ],
    ),
    ['case   Dice', 'a      9.50', 'long  88.12', 'c         -'].join('\n'),
  );
});

test('durations are told in the unit that people use', () => {
  assert.deepEqual([0.2, 59, 600, 7200, 8040].map(duration), ['1 s', '59 s', '10 min', '2 h', '2 h 14 min']);
  assert.equal(duration(Number.NaN), 'an unknown time');
  assert.deepEqual([0.2, 600, 8040, 72_000].map(durationInWords), ['1 seconds', '10 minutes', '2.2 hours', '20 hours']);
});
