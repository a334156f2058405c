import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fuzz } from '../imaging/fuzz/fuzz.ts';
import { storeReaders } from './fuzz/readers.ts';

/** The long run is `npm run bench -- fuzz`. A journal and a database are opened as a project each time. */
const COUNT = { checkpoint: 500, journal: 40, database: 40 };

const { readers, dispose } = await storeReaders();
after(dispose);

for (const [kind, reader] of Object.entries(readers)) {
  test(`a damaged ${kind} is read or refused with a code (checkpoint-uncoded)`, async () => {
    const { findings, outcomes } = await fuzz(reader, 1, COUNT[kind as keyof typeof COUNT]);
    assert.deepEqual(findings, []);
    assert.ok(outcomes.size > 1, `damage must be met and be survived: ${[...outcomes].join(' ')}`);
  });
}
