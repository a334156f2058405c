/** Names that act where they are shown: escapes on a terminal, formulas in tables, LaTeX, directions in file names. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { escapeLatex, markdownRow, plainName, shownJson, toCsv, toTsv } from '../../src/core/plain-text.ts';
import { safeName } from '../../src/project/services/export/export.ts';
import { decile } from './run.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const ACTS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const EVIL = '\u001b]0;pwned\u0007\u001b[31mX\u009b2J\u202egnp';

test('a label with escapes is shown, not obeyed, by commands, errors, usage and JSON', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-sinks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const project = join(folder, 'p');
  for (const args of [
    ['new', project, '--label', EVIL, '--preset', 'mr'],
    ['status', project],
    ['status', project, '--json'],
    ['status', join(folder, EVIL)],
    ['status', join(folder, EVIL), '--json'],
    ['train', project, `--${EVIL}`],
    [EVIL],
  ]) {
    const { stdout, stderr } = await decile(args);
    assert.doesNotMatch(stdout, ACTS, args.join(' '));
    assert.doesNotMatch(stderr, ACTS, args.join(' '));
  }
});

test('JSON keeps its value', () => {
  assert.deepEqual(JSON.parse(shownJson(JSON.stringify({ name: EVIL }))), { name: EVIL });
});

test('no cell of a CSV or TSV is a formula, whatever stands before it', () => {
  for (const start of ['=', '+', '-', '@', '\t=', '\r=', ' =', '＝', '\ufeff=', '\n='])
    for (const text of [toCsv([[`${start}1+1`]]), toTsv([[`${start}1+1`]])])
      assert.match(text, /^"?'/, JSON.stringify(start));
  assert.equal(toCsv([['a', -1.5, null]]), 'a,-1.5,\r\n');
  assert.equal(toTsv([[1, 'a\tb\nc']]), '1\ta b c\n');
});

test('LaTeX gets text, not commands', () => {
  assert.equal(escapeLatex('\\input{x}^~'), '\\textbackslash{}input\\{x\\}\\textasciicircum{}\\textasciitilde{}');
  assert.equal(escapeLatex('a_b & 5 % #1 $x$'), 'a\\_b \\& 5 \\% \\#1 \\$x\\$');
});

test('names in exports keep their letters and lose what turns them round', () => {
  assert.equal(safeName('scan\u202egnp.exe\u2066'), 'scangnp.exe');
  assert.equal(plainName('שלום\u200f x'), 'שלום x');
});

test('a cell of a Markdown table stays one cell, and text', () => {
  const row = markdownRow(['a|b', '<b>', '[x](y)', '**1.00**', 2]);
  assert.equal(row, '| a\\|b | &lt;b> | [x]\\(y) | **1.00** | 2 |');
  assert.equal(markdownRow(['a\nb\u001b[31m']), '| a b[31m |');
});
