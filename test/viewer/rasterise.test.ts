import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRONT, makeFrame, pointAt, rasterise, turn } from '../../src/renderer/viewer/rasterise.ts';

/** A triangle that faces the viewer of FRONT: x to the right, z up, y away. */
const triangle = (...points: [x: number, y: number, z: number][]) => ({
  positions: Float32Array.from(points.flat()),
  normals: Float32Array.from(points.flatMap(() => [0, -1, 0])),
  triangles: Uint32Array.of(0, 1, 2),
});
/** Pixel x = 4 + 2 x, y = 3 - 2 z. */
const CAMERA = { rotation: FRONT, centre: [0, 0, 0], zoom: 2 } as const;
const NEAR = triangle([-1, 2, 1], [1, 2, 1], [-1, 2, -1]);
const FAR = triangle([-1.5, 3, 1.5], [2, 3, 1.5], [-1.5, 3, -2]);

test('a triangle covers the pixels whose centres it holds, and the nearer one hides the farther in either order', () => {
  for (const surfaces of [
    [NEAR, FAR],
    [FAR, NEAR],
  ]) {
    const frame = makeFrame(8, 6);
    rasterise(
      frame,
      surfaces.map((surface) => ({ surface, colour: [200, 100, 50] as const })),
      CAMERA,
    );
    const row = (y: number) =>
      [...frame.depth.subarray(8 * y, 8 * y + 8)].map((d) => ({ 2: 'n', 3: 'f' })[d] ?? '.').join('');
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(row), [
      '.fffffff',
      '.fnnnnf.',
      '.fnnnf..',
      '.fnnf...',
      '.fnf....',
      '.ff.....',
    ]);
    // The light stands 0.82 before the surface: 0.28 + 0.72 x 0.82 of each colour.
    const light = 0.28 + 0.72 * 0.82;
    const [red, green, blue] = [200, 100, 50].map((c) => Math.floor(c * light));
    assert.equal(frame.pixels[3 + 8 * 1], (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0);
    assert.equal(frame.pixels[0], 0);
    assert.deepEqual(pointAt(frame, CAMERA, 3.5, 1.5), [-0.25, 2, 0.75]);
    assert.deepEqual(pointAt(frame, CAMERA, 1.9, 5.5), [-1.05, 3, -1.25]);
    assert.equal(pointAt(frame, CAMERA, 0.5, 0.5), null);
  }
});

test('a triangle beyond the borders of the picture is cut, and a new picture forgets the last', () => {
  const frame = makeFrame(2, 2);
  const part = { surface: triangle([-50, 1, 50], [50, 1, 50], [0, 1, -50]), colour: [255, 0, 0] as const };
  rasterise(frame, [part], CAMERA);
  assert.deepEqual([...frame.depth], [1, 1, 1, 1]);
  rasterise(frame, [], CAMERA);
  assert.deepEqual([...frame.pixels, ...frame.depth], [0, 0, 0, 0, ...new Array(4).fill(Number.POSITIVE_INFINITY)]);
});

test('turning by a quarter shows the patient from their right, and from below', () => {
  const rounded = (about: [number, number]) => turn(FRONT, ...about).map((v) => Math.round(v) + 0);
  assert.deepEqual(rounded([Math.PI / 2, 0]), [0, -1, 0, 0, 0, -1, 1, 0, 0]);
  assert.deepEqual(rounded([0, Math.PI / 2]), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const [a, b] = [0.3, 0.7];
  const oblique = turn(FRONT, a, b);
  // Away from the viewer: first turned about down by a, then about right by b.
  [Math.cos(b) * Math.sin(a), Math.cos(b) * Math.cos(a), Math.sin(b)].forEach((v, n) => {
    assert.ok(Math.abs(oblique[6 + n] - v) < 1e-12, `${oblique.slice(6)}`);
  });
});
