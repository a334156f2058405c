import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutationsOf } from '../../scripts/mutants/mutations.ts';

const of = (text: string) => mutationsOf('x.ts', text).map(({ before, after }) => `${before} -> ${after}`);

test('comparisons, sums, rounding, numbers and conditions have their neighbours', () => {
  assert.deepEqual(of('a < b;').toSorted(), ['< -> <=', '< -> >', 'a < b; -> ;']);
  assert.deepEqual(of('x = a >= b && c;').toSorted(), [
    '&& -> ||',
    '>= -> >',
    'a >= b && c -> a >= b',
    'a >= b && c -> c',
    'x = a >= b && c; -> ;',
  ]);
  assert.deepEqual(of('const n = Math.floor(0.5);').toSorted(), [
    '0.5 -> 0.25',
    '0.5 -> 1',
    'Math.floor(0.5) -> 0.5',
    'Math.floor(0.5) -> Math.ceil(0.5)',
    'Math.floor(0.5) -> Math.round(0.5)',
  ]);
  assert.deepEqual(of('if (ready) stop();').toSorted(), [
    'if (ready) stop(); -> ;',
    'ready -> !(ready)',
    'ready -> false',
    'stop(); -> ;',
  ]);
});

test('arguments change places, and a bound falls away', () => {
  assert.ok(of('fill(from, to);').includes('fill(from, to) -> fill(to, from)'));
  assert.ok(of('const v = Math.max(a, 1);').includes('Math.max(a, 1) -> a'));
});

test('types, imports, messages and what spans lines are left alone', () => {
  assert.deepEqual(of("import { a } from './a.ts';\ninterface B { c: 1 }\ntype D = 2;"), []);
  assert.deepEqual(of("throw new Error('got ' + (a + 1));"), []);
  assert.ok(mutationsOf('x.ts', 'f(\n  a < b,\n);').every(({ line, before }) => line === 2 && !before.includes('\n')));
});
