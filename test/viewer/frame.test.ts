import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANE_NAMES, planesOf } from '../../src/core/edit/planes.ts';
import { cross3, dot3, norm3 } from '../../src/core/geometry.ts';
import {
  cutsOf,
  type Frames,
  frameLetters,
  normalOf,
  straightFrame,
  turnOthers,
} from '../../src/renderer/viewer/frame.ts';
import { GEOMETRIES, markedScan } from './geometries.ts';

const framesOf = (n: number): Frames => {
  const scan = markedScan(GEOMETRIES[n]);
  const planes = planesOf(scan);
  return {
    axial: straightFrame(scan, planes.axial),
    coronal: straightFrame(scan, planes.coronal),
    sagittal: straightFrame(scan, planes.sagittal),
  };
};

test('planes along the voxels cut one another in a cross and show the letters of the planes', () => {
  GEOMETRIES.forEach((geometry, n) => {
    const frames = framesOf(n);
    const planes = planesOf(markedScan(geometry));
    for (const name of PLANE_NAMES) {
      const cuts = cutsOf(frames, name).map(([x, y]) => `${Math.abs(Math.round(x))} ${Math.abs(Math.round(y))}`);
      assert.deepEqual(cuts.sort(), ['0 1', '1 0'], `${geometry.name} ${name}`);
      assert.deepEqual(frameLetters(frames[name]), planes[name].letters);
    }
  });
});

test('turning on one plane leaves it as it is, and its lines follow the hand', () => {
  const frames = framesOf(0);
  const angle = Math.PI / 6;
  const after = turnOthers(frames, 'axial', angle);
  assert.equal(after.axial, frames.axial);
  for (const name of ['coronal', 'sagittal'] as const) {
    const { right, down } = after[name];
    assert.ok(Math.abs(norm3(right) - 1) < 1e-12 && Math.abs(dot3(right, down)) < 1e-12);
    assert.ok(Math.abs(dot3(normalOf(after[name]), normalOf(frames[name])) - Math.cos(angle)) < 1e-12);
  }
  // The line to the right turns clockwise on the screen: downwards.
  const lines = cutsOf(after, 'axial');
  assert.ok(
    lines.some(([x, y]) => Math.abs(y / x - Math.tan(angle)) < 1e-9),
    `${lines}`,
  );
  assert.deepEqual(cross3(after.axial.down, after.axial.right), normalOf(frames.axial));
});

test('a turned plane tells so by its letters', () => {
  const after = turnOthers(framesOf(0), 'axial', Math.PI / 4);
  assert.match(frameLetters(after.coronal).right, /^(LP|PL|LA|AL)$/);
});
