import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { COHORTS, casesOf } from '../../bench/reader/cohort.ts';

test('a scan that is there twice counts once, and cases without a mask do not', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-cohort-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['images', 'labels']) mkdirSync(join(folder, part));
  for (const [name, content] of ['a', 'b', 'c', 'c', 'd', 'e', 'f'].entries()) {
    writeFileSync(join(folder, 'images', `case_${name}.nii`), content);
    if (content !== 'e') writeFileSync(join(folder, 'labels', `case_${name}.nii`), 'mask');
  }
  const { learn, report, rest } = casesOf(folder, { ...COHORTS[0], labelled: 2, cases: 2 });
  assert.deepEqual(learn, ['case_0.nii', 'case_1.nii']);
  assert.deepEqual(report, ['case_2.nii', 'case_4.nii']);
  assert.deepEqual(rest, ['case_6.nii']);
});
