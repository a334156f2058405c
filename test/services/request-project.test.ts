import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { about } from '../../src/api/about.ts';
import { type Api, createApi } from '../../src/api/index.ts';
import { createApp } from '../../src/app.ts';
import { BOXES_TYPE, encodeBoxes, type ProjectOverview, type Reply } from '../../src/shared/contract/index.ts';
import { projectWith, temporaryFolder } from './helpers.ts';

/** Two projects that are copies of one another, so that every number is the same in both. */
async function twins(t: TestContext) {
  const store = await projectWith(t, temporaryFolder(t), 3, 2);
  store.close();
  const folder = temporaryFolder(t);
  const [a, b] = ['a', 'b'].map((name) => join(folder, name));
  for (const copy of [a, b]) cpSync(store.folder, copy, { recursive: true });
  const start = (): Api => {
    const shell = { about: () => about('server'), chooseFolder: async () => null, browsing: true, documents: folder };
    const api = createApi(shell, createApp(), temporaryFolder(t));
    t.after(() => api.close());
    return api;
  };
  return { a, b, start };
}

const open = (api: Api, path: string): Promise<ProjectOverview> =>
  api.call('projects.open', { folder: api.registerFolder(path).folder });

const draw = (api: Api, scan: number, project?: string): Promise<Response> =>
  api.data({
    method: 'PUT',
    url: new URL(`http://x/data/mask/${scan}/manual${project ? `?project=${project}` : ''}`),
    contentType: BOXES_TYPE,
    body: async () => encodeBoxes([{ start: [1, 1, 1], size: [1, 1, 1], values: Uint8Array.of(1) }]),
  });

const look = (api: Api, path: string, project: string): Promise<Response> =>
  api.data({
    method: 'GET',
    url: new URL(`http://x/data/${path}?project=${project}`),
    contentType: '',
    body: async () => new Uint8Array(),
  });

const code = async (response: Response) => ((await response.json()) as { code: string }).code;
const refused = (reply: Reply<unknown>) => (reply.ok ? 'done' : reply.error.code);

test('a stroke for a project that is no longer open is refused, and lands nowhere (stroke-into-other-project)', async (t) => {
  const { a, b, start } = await twins(t);
  const api = start();
  const first = await open(api, a);
  assert.equal((await draw(api, 3, first.session)).status, 200);
  const second = await open(api, b);
  assert.notEqual(first.session, second.session, 'a copy is another project');
  // On its way when the other project was opened; or tried again; or by a window that names none.
  for (const project of [first.session, undefined, 'nonsense']) {
    const answer = await draw(api, 3, project);
    assert.deepEqual([answer.status, await code(answer)], [409, 'project/other'], String(project));
  }
  assert.equal(
    (await look(api, 'mask/3/manual', second.session)).status,
    204,
    'nothing was drawn in the second project',
  );
  assert.equal((await draw(api, 3, second.session)).status, 200);
});

test('no address and no call of a project reads or changes another', async (t) => {
  const { a, b, start } = await twins(t);
  const api = start();
  const { session } = await open(api, a);
  await open(api, b);
  for (const path of ['volume/1', 'mask/1/manual', 'entropy/1', 'thumbnail/1', 'evolution/1/1/a.png']) {
    const answer = await look(api, path, session);
    assert.deepEqual([path, await code(answer)], [path, 'project/other']);
  }
  const calls: [string, unknown?][] = [
    ['scans.list'],
    ['scans.detail', { scan: 1 }],
    ['scans.remove', { scans: [1] }],
    ['masks.commit', { scan: 1 }],
    ['masks.versions', { scan: 1 }],
    ['review.decide', { scan: 1, decision: 'reject' }],
    ['runs.list'],
    ['projects.close'],
  ];
  for (const [name, input] of calls)
    assert.equal(refused(await api.dispatch(name, input, session)), 'project/other', name);
  assert.equal(refused(await api.dispatch('projects.recent', undefined, session)), 'done');
  assert.equal(refused(await api.dispatch('jobs.list', undefined, session)), 'done');
});

test('a stroke whose bytes come after another project was opened is refused', async (t) => {
  const { a, b, start } = await twins(t);
  const api = start();
  const { session } = await open(api, a);
  let arrive: (bytes: Uint8Array) => void = () => {};
  const answer = api.data({
    method: 'PUT',
    url: new URL(`http://x/data/mask/3/manual?project=${session}`),
    contentType: BOXES_TYPE,
    body: () => new Promise((resolve) => (arrive = resolve)),
  });
  const second = await open(api, b);
  arrive(encodeBoxes([{ start: [1, 1, 1], size: [1, 1, 1], values: Uint8Array.of(1) }]));
  assert.equal((await answer).ok, false);
  assert.equal((await look(api, 'mask/3/manual', second.session)).status, 204);
});

test('a project is known again after a restart: strokes that were held are saved', async (t) => {
  const { a, start } = await twins(t);
  const before = start();
  const { session } = await open(before, a);
  await before.close();
  const after = start();
  await open(after, a);
  assert.equal((await draw(after, 3, session)).status, 200);
});

test('windows that open projects at the same time end with one that is whole', async (t) => {
  const { a, b, start } = await twins(t);
  const api = start();
  const seen = await Promise.all([open(api, a), open(api, b), open(api, a)]);
  const current = await api.call('projects.current', undefined);
  assert.equal(current?.session, seen[2].session);
  assert.equal(refused(await api.dispatch('scans.list', undefined, seen[2].session)), 'done');
});
