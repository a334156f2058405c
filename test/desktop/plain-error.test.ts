/** Errors as the window says them: what did not work, why, and as much of what was found as a line takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainError } from '../../src/renderer/parts/plain-error.ts';

const missing = (labels: readonly string[]) =>
  plainError({
    code: 'train/class-missing',
    message: `Every label must be drawn in at least one labelled scan, got none with ${labels.join(', ')}.`,
    cure: '',
  });

test('labels that were never drawn are named, a long list by its first', () => {
  assert.equal(missing(['liver', 'spleen']), 'A label occurs in no labelled scan (liver, spleen).');
  const many = Array.from({ length: 16 }, (_, n) => `vertebra ${n + 1}`);
  const said = missing(many);
  assert.match(said, /\(vertebra 1, vertebra 2, .* and \d+ more\)\.$/);
  const named = said.match(/vertebra/g)?.length ?? 0;
  assert.ok(said.endsWith(`and ${16 - named} more).`), said);
  assert.ok(said.length < 150, said);
});

test('one long thing that was found is left to the details', () => {
  assert.equal(missing(['x'.repeat(200)]), 'A label occurs in no labelled scan.');
});

test('an error of a newer program is told in its own words', () => {
  const info = { code: 'settings/of-tomorrow', message: 'The settings file cannot be written.', cure: '' } as never;
  assert.equal(plainError(info), 'The settings file cannot be written.');
  assert.equal(plainError(info, 'settings.set'), 'The setting cannot be kept: The settings file cannot be written.');
});
