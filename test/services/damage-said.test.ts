/** What a project cannot read at its opening is said by case; nothing that goes on is stopped unasked. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { about } from '../../src/api/about.ts';
import { createApi } from '../../src/api/index.ts';
import { createApp, openExistingProject } from '../../src/app.ts';
import { journalFile, openWorkingMask } from '../../src/project/services/drawing/working-mask.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { projectWith, temporaryFolder } from './helpers.ts';

const stroke = (i: number) => encodeBoxes([{ start: [i, 0, 0], size: [1, 1, 1], values: Uint8Array.of(1) }]);

test('opening names the cases whose strokes are damaged, keeps the others, and a check finds what is wrong', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 1);
  const { folder } = store;
  const [, second, third] = store.scans.list();
  const drawn = await openWorkingMask(store, second.id, 'manual');
  for (const i of [1, 2, 3]) drawn.edit(stroke(i));
  drawn.close();
  store.close();
  const journal = join(folder, journalFile(second.id, 'manual'));
  const bytes = readFileSync(journal);
  // The value of the stroke before the last: each is 8 bytes of frame, 24 of box and 4 of value.
  bytes[bytes.length - 36 - 4] ^= 0xff;
  writeFileSync(journal, bytes);
  const shell = { about: () => about('server'), chooseFolder: async () => null, browsing: true, documents: folder };
  const api = createApi(shell, createApp(), temporaryFolder(t));
  t.after(() => api.close());
  const opened = await api.call('projects.open', { folder: api.registerFolder(folder).folder });
  assert.deepEqual(
    opened.damage.map(({ scan, name, code }) => [scan, name, code]),
    [[second.id, second.name, 'mask/strokes-lost']],
  );
  writeFileSync(join(folder, third.volumeFile), 'no volume');
  const ended = new Promise<{ status: string; failures: { path: string }[] }>((done) =>
    api.subscribe((message) => {
      if (message.name === 'job' && message.payload.kind === 'check' && message.payload.status !== 'running')
        done(message.payload);
    }),
  );
  await api.call('projects.check', {});
  const { status, failures } = await ended;
  assert.deepEqual([status, failures.map(({ path }) => path)], ['done', [third.name]]);
  await api.close();
  const again = openExistingProject(folder);
  const { data } = (await again.drawing.read(second.id, 'manual'))!;
  assert.deepEqual([...data.subarray(0, 5)], [0, 1, 0, 1, 0]);
  await again.close();
});
