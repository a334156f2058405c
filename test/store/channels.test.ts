import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Channel, Store } from '../../src/project/store/index.ts';
import { addScan, newProject, scanNamed } from './helpers.ts';

const CHANNELS: Channel[] = [
  { name: 't1', kind: 'mr' },
  { name: 'ct', kind: 'ct' },
  { name: 'PET', kind: 'pet' },
];

/** A scan with a file for each of these channels, which holds its name. */
function keep(store: Store, name: string, channels: string[]) {
  const from = (channel: string) => store.path(`volumes/unfinished-${name}-${channel}.nii`);
  for (const channel of channels) writeFileSync(from(channel), channel);
  return store.scans.keep(
    from(channels[0]),
    scanNamed(name),
    channels.map((channel) => ({ name: channel, from: from(channel) })),
  );
}

test('a scan keeps a file for each of its channels, in the order of the project', (t) => {
  const store = newProject(t);
  store.channels.set(CHANNELS);
  store.channels.set(CHANNELS);
  assert.deepEqual(store.channels.list(), CHANNELS);
  const whole = keep(store, 'whole', ['t1', 'ct', 'pet']);
  const part = keep(store, 'part', ['pet', 'ct']);
  const of = (id: number) =>
    store.channels.of(id).map(({ name, kind, file }) => [name, kind, file, readFileSync(store.path(file), 'utf8')]);
  assert.deepEqual(of(whole.id), [
    ['t1', 'mr', 'volumes/1.nii', 't1'],
    ['ct', 'ct', 'volumes/1.1.nii', 'ct'],
    ['PET', 'pet', 'volumes/1.2.nii', 'pet'],
  ]);
  assert.deepEqual(of(part.id), [
    ['ct', 'ct', 'volumes/2.1.nii', 'ct'],
    ['PET', 'pet', 'volumes/2.nii', 'pet'],
  ]);
  assert.equal(readFileSync(store.path(part.volumeFile), 'utf8'), 'pet');
});

test('a project with scans of one channel gets no others, and its channels do not change', (t) => {
  const single = newProject(t);
  addScan(single, 'a');
  assert.deepEqual([single.channels.list(), single.channels.of(1)], [[], []]);
  assert.throws(() => single.channels.set(CHANNELS), {
    code: 'channels/other',
    message: /one channel.*got t1, ct, PET/,
  });
  const store = newProject(t);
  store.channels.set(CHANNELS);
  for (const other of [CHANNELS.slice(0, 2), [...CHANNELS].reverse(), [{ name: 't1', kind: 'ct' } as const]])
    assert.throws(() => store.channels.set(other), {
      code: 'channels/other',
      message: /the channels t1, ct, PET, got/,
    });
});

test('a scan with a channel that the project does not have leaves neither row nor file', (t) => {
  const store = newProject(t);
  store.channels.set(CHANNELS);
  assert.throws(() => keep(store, 'a', ['t1', 't2']), { code: 'channels/other', message: /got t2/ });
  assert.deepEqual(store.scans.list(), []);
  assert.equal(existsSync(store.path('volumes/1.nii')), false);
  store.scans.delete(keep(store, 'b', ['t1', 'ct']).id);
  store.scans.purge(1);
  assert.deepEqual(store.channels.of(1), []);
});
