import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planesOf } from '../../src/core/edit/planes.ts';
import { surfaceOf } from '../../src/core/edit/surface.ts';
import type { Volume } from '../../src/core/volume.ts';
import { canvasToVoxel, fitCamera, scaleBar, voxelToCanvas, zoomAt } from '../../src/renderer/viewer/camera.ts';
import { chordOf, KEYS, keyMap } from '../../src/renderer/viewer/keys.ts';
import { cividis, labelTable } from '../../src/renderer/viewer/palette.ts';
import { FRONT, makeFrame, pointAt, rasterise, turn } from '../../src/renderer/viewer/rasterise.ts';
import {
  drawDifference,
  drawMask,
  drawScan,
  pictureLayout,
  traceOutlines,
} from '../../src/renderer/viewer/slice-picture.ts';
import { stepRadius } from '../../src/renderer/viewer/tools.ts';
import { dragWindow, presetsOf, shade } from '../../src/renderer/viewer/window.ts';
import { drawn, emptyMask, STRAIGHT } from '../edit/helpers.ts';
import { GEOMETRIES, markedScan } from './geometries.ts';

test('canvas to voxel is the inverse of voxel to canvas, zoomed and panned, for every geometry', () => {
  for (const geometry of GEOMETRIES) {
    const scan = markedScan(geometry);
    for (const plane of Object.values(planesOf(scan))) {
      const g = { grid: scan, plane, width: 413, height: 297 };
      const camera = { ...zoomAt(g, fitCamera(g), 3.3, 100, 40), x: 7 };
      const [x, y] = voxelToCanvas(g, camera, geometry.marker);
      const back = canvasToVoxel(g, camera, x, y, geometry.marker[plane.normal]);
      for (const axis of [0, 1, 2]) {
        assert.ok(Math.abs(back[axis] - geometry.marker[axis]) < 1e-9, `${geometry.name} ${plane.name}`);
      }
    }
  }
});

test('zooming keeps the point under the pointer', () => {
  const scan = markedScan(GEOMETRIES[0]);
  const g = { grid: scan, plane: planesOf(scan).axial, width: 400, height: 300 };
  const before = fitCamera(g);
  const after = zoomAt(g, before, 2, 123, 45);
  assert.deepEqual(
    canvasToVoxel(g, after, 123, 45, 0).map((c) => c.toFixed(9)),
    canvasToVoxel(g, before, 123, 45, 0).map((c) => c.toFixed(9)),
  );
});

test('the scale bar is a round length that fits', () => {
  for (const [zoom, millimetres] of [
    [1, 50],
    [3, 20],
    [0.5, 100],
    [12, 5],
    [40, 2],
  ]) {
    assert.deepEqual(scaleBar(zoom, 90), { millimetres, pixels: millimetres * zoom });
  }
});

test('every integer type shows its intensities under the window, also unsigned ones above 32767', () => {
  for (const [Type, values] of [
    [Int16Array, [-1000, -160, 40, 240, 3000]],
    [Uint16Array, [0, 40, 240, 40000, 65535]],
    [Int8Array, [-100, -60, 0, 40, 120]],
    [Uint8Array, [0, 10, 40, 200, 255]],
    [Float32Array, [-1e9, -160, 40.5, 239.9, 1e9]],
    [Int32Array, [-100000, -160, 40, 240, 100000]],
  ] as const) {
    const scan = { ...emptyMask([5, 1, 1]), data: new Type(values) } as Volume;
    const window = { level: 40, width: 400 };
    const pixels = new Uint32Array(5);
    drawScan(scan, pictureLayout(scan, planesOf(scan).axial, 0), window, pixels);
    assert.deepEqual(
      [...pixels].map((p) => p & 255),
      values.map((v) => shade(v, window)),
      Type.name,
    );
  }
});

test('shades run from black through mid-grey to white over the window', () => {
  const window = { level: 40, width: 400 };
  assert.deepEqual(
    [-161, -160, 40, 240, 241].map((v) => shade(v, window)),
    [0, 0, 128, 255, 255],
  );
});

test('presets of MR follow its percentiles, those of CT are in HU', () => {
  assert.deepEqual(presetsOf('MR', [100, 1100])[0], { name: 'Full range', level: 600, width: 1000 });
  assert.deepEqual(presetsOf('CT', [0, 1])[0], { name: 'Soft tissue', level: 40, width: 400 });
  const wider = dragWindow({ level: 40, width: 300 }, 30, -10);
  assert.deepEqual(wider, { width: 330, level: 50 });
});

test('a hidden label is not drawn and has no outline', () => {
  const mask = drawn([['1.2']]);
  const layout = pictureLayout(mask, planesOf(mask).axial, 0);
  const table = labelTable([
    { value: 1, colour: '#ff0000', visible: true },
    { value: 2, colour: '#00ff00', visible: false },
  ]);
  const pixels = new Uint32Array(3);
  drawMask(mask, layout, table, pixels);
  assert.deepEqual([...pixels], [0xff0000ff, 0, 0]);
  assert.deepEqual([...traceOutlines(mask, layout, table).keys()], [1]);
});

test('the outline of a shape is as long as its border and closes', () => {
  const mask = drawn([['......', '.111..', '.1.1..', '.1111.', '......']]);
  const layout = pictureLayout(mask, planesOf(mask).axial, 0);
  const pieces = traceOutlines(mask, layout, new Uint32Array(256).fill(1)).get(1) as number[];
  let length = 0;
  const ends = new Map<string, number>();
  for (let n = 0; n < pieces.length; n += 4) {
    length += Math.abs(pieces[n + 2] - pieces[n]) + Math.abs(pieces[n + 3] - pieces[n + 1]);
    for (const end of [`${pieces[n]},${pieces[n + 1]}`, `${pieces[n + 2]},${pieces[n + 3]}`])
      ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  assert.equal(length, 14 + 4); // outside 4 + 3 across, 3 down both sides and a step; hole 4
  assert.ok([...ends.values()].every((n) => n % 2 === 0));
});

test('the difference shows what was added and what was taken away', () => {
  const is = drawn([['11.2']]);
  const was = drawn([['1.12']]);
  const pixels = new Uint32Array(4);
  drawDifference(is, was, pictureLayout(is, planesOf(is).axial, 0), pixels);
  assert.deepEqual([pixels[0], pixels[3]], [0, 0]);
  assert.ok(pixels[1] && pixels[2] && pixels[1] !== pixels[2]);
});

test('cividis grows brighter all the way', () => {
  const light = Array.from({ length: 50 }, (_, n) => cividis(n / 49)).map(
    ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b,
  );
  for (let n = 1; n < 50; n++) assert.ok(light[n] > light[n - 1]);
});

test('a surface is drawn where the label is, and a click on it gives its nearest point', () => {
  const mask = emptyMask([21, 21, 21], [1, 1, 1], STRAIGHT);
  for (let v = 0; v < mask.data.length; v++) {
    const [i, j, k] = [v % 21, Math.floor(v / 21) % 21, Math.floor(v / 441)];
    if (Math.hypot(i - 10, j - 10, k - 10) <= 7) mask.data[v] = 1;
  }
  const surface = surfaceOf(mask, 1);
  assert.ok(surface);
  const frame = makeFrame(100, 100);
  const camera = { rotation: FRONT, centre: [10, 10, 10] as const, zoom: 5 };
  rasterise(frame, [{ surface, colour: [200, 100, 50] }], camera);
  const covered = frame.pixels.reduce((n, p) => n + (p ? 1 : 0), 0);
  assert.ok(Math.abs(covered / (Math.PI * 35 * 35) - 1) < 0.12, `${covered} pixels`);
  const front = pointAt(frame, camera, 50, 50);
  assert.ok(front && Math.hypot(front[0] - 10, front[1] - 3, front[2] - 10) < 1.2, `${front}`);
  assert.equal(pointAt(frame, camera, 2, 2), null);
  const side = { ...camera, rotation: turn(FRONT, Math.PI / 2, 0) };
  rasterise(frame, [{ surface, colour: [200, 100, 50] }], side);
  const seen = pointAt(frame, side, 50, 50);
  assert.ok(seen && Math.abs(Math.abs(seen[0] - 10) - 7) < 1.2 && Math.abs(seen[1] - 10) < 1.2, `${seen}`);
});

test('no two actions share a default key, and an own key replaces the default', () => {
  const chords = KEYS.flatMap((k) => [...k.chords] as string[]);
  assert.equal(new Set(chords).size, chords.length);
  const map = keyMap({ 'tool.brush': 'K', 'edit.undo': '' });
  assert.equal(map.get('K'), 'tool.brush');
  assert.equal(map.get('B'), undefined);
  assert.equal(map.get('Ctrl+Z'), undefined);
  assert.equal(keyMap({ 'tool.brush': 'E' }).get('E'), 'tool.brush', 'the own key wins');
});

test('chords are named alike on every keyboard', () => {
  const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}) =>
    chordOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });
  assert.equal(press('Z', { ctrlKey: true, shiftKey: true }), 'Ctrl+Shift+Z');
  assert.equal(press('z', { metaKey: true }), 'Ctrl+Z');
  assert.equal(press('?', { shiftKey: true }), '?');
  assert.equal(press(' '), 'Space');
  assert.equal(press('Backspace', { shiftKey: true }), 'Shift+Backspace');
});

test('the brush steps through its sizes and stops at the ends', () => {
  assert.equal(stepRadius(6, 1), 8);
  assert.equal(stepRadius(6, -1), 5);
  assert.equal(stepRadius(40, 1), 40);
  assert.equal(stepRadius(0.5, -1), 0.5);
});
