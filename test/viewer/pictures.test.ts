import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexToWorld, planesOf } from '../../src/core/edit/planes.ts';
import { surfaceOf } from '../../src/core/edit/surface.ts';
import { lpsPoint, type Volume } from '../../src/core/volume.ts';
import { centredGrid } from '../../src/renderer/viewer/centred-grid.ts';
import { displayScan, storedWindow } from '../../src/renderer/viewer/display-scan.ts';
import { chordOf, KEYS, keyMap } from '../../src/renderer/viewer/keys.ts';
import { pictureLayout, traceOutlines } from '../../src/renderer/viewer/outlines.ts';
import { cividis, labelTable } from '../../src/renderer/viewer/palette.ts';
import { FRONT, makeFrame, pointAt, rasterise, turn } from '../../src/renderer/viewer/rasterise.ts';
import { scaleBar } from '../../src/renderer/viewer/scale-bar.ts';
import { stepRadius } from '../../src/renderer/viewer/tools.ts';
import { dragWindow, presetsOf, type Window } from '../../src/renderer/viewer/window.ts';
import { drawn, emptyMask, STRAIGHT } from '../edit/helpers.ts';
import { GEOMETRIES, markedScan } from './geometries.ts';

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

/** Grey, 0..1, that Cornerstone3D gives a value: stored, then through the stored window. */
function grey(scan: Volume, window: Window, percentiles: [number, number]): number[] {
  const display = displayScan(scan, percentiles);
  const { lower, upper } = storedWindow(display, window);
  return [...display.data].map((v) => Math.min(1, Math.max(0, (v - lower) / (upper - lower))));
}

test('every element type shows its intensities under the window, whatever Cornerstone3D can draw of it', () => {
  for (const [Type, values, window] of [
    [Int16Array, [-1000, -160, 40, 240, 3000], { level: 40, width: 400 }],
    [Uint16Array, [0, 40, 240, 40000, 65535], { level: 30000, width: 40000 }],
    [Int8Array, [-100, -60, 0, 40, 120], { level: 0, width: 100 }],
    [Uint8Array, [0, 10, 40, 200, 255], { level: 100, width: 180 }],
    [Float32Array, [-1e9, 0.1, 0.5, 0.7, 1e9], { level: 0.5, width: 1 }],
    [Float64Array, [-1, 0, 0.001, 0.002, 2], { level: 0.001, width: 0.004 }],
    [Int32Array, [-100000, -160, 40, 240, 100000], { level: 40, width: 400 }],
    [Uint32Array, [0, 70000, 80000, 90000, 4000000000], { level: 80000, width: 30000 }],
  ] as const) {
    const scan = { ...emptyMask([5, 1, 1]), data: new Type(values) } as Volume;
    const shown = grey(scan, window, [values[1], values[3]]);
    values.forEach((value, n) => {
      const wanted = Math.min(1, Math.max(0, (value - window.level) / window.width + 0.5));
      assert.ok(Math.abs(shown[n] - wanted) < 1 / 255, `${Type.name} ${value}: ${shown[n]}, not ${wanted}`);
    });
  }
});

test('what is no number is drawn as the darkest', () => {
  const scan = { ...emptyMask([3, 1, 1]), data: Float32Array.of(Number.NaN, 2, 3) } as Volume;
  assert.equal(displayScan(scan, [2, 3]).data[0], 0);
});

test('a case is shown around the point 0 with its voxels apart and turned as in the file', () => {
  for (const geometry of GEOMETRIES) {
    const scan = { ...markedScan(geometry), origin: lpsPoint(-1210.3, 940.7, 2310.9) };
    const grid = centredGrid(scan);
    const last = geometry.size.map((n) => n - 1) as [number, number, number];
    const [a, b] = [indexToWorld(grid, [0, 0, 0]), indexToWorld(grid, last)];
    const [c, d] = [indexToWorld(scan, [0, 0, 0]), indexToWorld(scan, last)];
    for (const axis of [0, 1, 2]) {
      assert.ok(Math.abs(a[axis] + b[axis]) < 1e-9, 'the middle is 0');
      assert.ok(Math.abs(b[axis] - a[axis] - (d[axis] - c[axis])) < 1e-9);
    }
  }
});

test('presets of MR follow its percentiles, those of CT are in HU', () => {
  assert.deepEqual(presetsOf('MR', [100, 1100])[0], { name: 'Full range', level: 600, width: 1000 });
  assert.deepEqual(presetsOf('CT', [0, 1])[0], { name: 'Soft tissue', level: 40, width: 400 });
  const wider = dragWindow({ level: 40, width: 300 }, 30, -10);
  assert.deepEqual(wider, { width: 330, level: 50 });
});

test('a hidden label has no colour and no outline', () => {
  const mask = drawn([['1.2']]);
  const layout = pictureLayout(mask, planesOf(mask).axial, 0);
  const table = labelTable([
    { value: 1, colour: '#ff0000', visible: true },
    { value: 2, colour: '#00ff00', visible: false },
  ]);
  assert.deepEqual([...table.subarray(0, 3)], [0, 0xff0000ff, 0]);
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
