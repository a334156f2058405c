import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Volume } from '../../src/core/volume.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { viewCase } from '../../src/project/services/review/cases.ts';
import { displayScan, storedWindow } from '../../src/renderer/viewer/display-scan.ts';
import { chordOf, keyMap } from '../../src/renderer/viewer/keys.ts';
import { newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

test('a case tells its channels with their types and percentiles, the first one being the scan', async (t) => {
  const fine: Volume = { ...scanOf(2), data: Float32Array.from(scanOf(2).data, (v) => v / 1000) };
  const folder = await writeVolumes(temporaryFolder(t), {
    'a_t1.nii': scanOf(1),
    'a_pet.nii': fine,
    'b_t1.nii': scanOf(3),
  });
  const store = newProject(t);
  await importScans(store, folder, { channels: [{ name: 't1' }, { name: 'pet' }] });
  const { channels, percentiles, dtype } = await viewCase(store, store.scans.find('a')!.id);
  assert.deepEqual(
    channels.map((channel) => [channel.name, channel.kind, channel.dtype]),
    [
      ['t1', 'mr', 'int16'],
      ['pet', 'pet', 'float32'],
    ],
  );
  assert.deepEqual([channels[0].percentiles, channels[0].dtype], [percentiles, dtype]);
  assert.ok(Math.abs(channels[1].percentiles[1]) < 1);
});

test('a channel of another type stands in the place of the first one, and its window means the same values', () => {
  const grid = { ...scanOf(1), size: [4, 1, 1] as const };
  const values = Float32Array.from([0, 0.25, 0.5, 1]);
  for (const like of [new Int16Array(0), new Uint16Array(0)]) {
    const shown = displayScan({ ...grid, data: values }, [0, 1], like);
    assert.equal(shown.data.constructor, like.constructor);
    const { lower, upper } = storedWindow(shown, { level: 0.5, width: 1 });
    const back = [...shown.data].map((stored) => (stored - lower) / (upper - lower));
    for (const [n, value] of back.entries()) assert.ok(Math.abs(value - values[n]) < 1e-3, `${back}`);
  }
  // The same type is drawn as it is.
  const whole = Int16Array.from([-5, 0, 7, 900]);
  assert.equal(displayScan({ ...grid, data: whole }, [0, 900], new Int16Array(0)).data, whole);
});

test("Alt and a digit show a channel, also where a Mac's Alt makes another character of it", () => {
  const press = { ctrlKey: false, metaKey: false, altKey: true, shiftKey: false };
  const map = keyMap({});
  assert.equal(map.get(chordOf({ ...press, key: '3', code: 'Digit3' })), 'channel.3');
  assert.equal(map.get(chordOf({ ...press, key: '£', code: 'Digit3' })), 'channel.3');
  assert.equal(map.get(chordOf({ ...press, altKey: false, key: '3', code: 'Digit3' })), 'window.3');
});
