/** What is seen on a plane is where it is in the scan: clicks, masks and planes that are drawn anew, in Chromium. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANE_NAMES, type PlaneName, planesOf } from '../../src/core/edit/planes.ts';
import { becomes, rests } from '../waits.ts';
import { fitCamera, voxelToCanvas } from './expected-place.ts';
import { ballScan, GEOMETRIES, type GeometryCase, markedScan } from './geometries.ts';
import { allDrawn, NO_CHROMIUM } from './harness/browser.ts';
import type { HarnessCase } from './harness/server.ts';
import {
  BALL,
  ball,
  brightest,
  count,
  drag,
  oneBrowser,
  onPage,
  painted,
  pane,
  placeOf,
  saved,
  showSlice,
  smallBrush,
} from './on-page.ts';

const skip = NO_CHROMIUM;
oneBrowser();

/**
 * That a marker's picture in a plane lies where the patient's right is on the screen's left and the head on top.
 * @param seen middle of the picture, in CSS pixels of the pane
 */
function checkSides(
  geometry: GeometryCase,
  name: PlaneName,
  seen: { x: number; y: number },
  box: { width: number; height: number },
): void {
  const d = geometry.direction;
  // LPS offset of the marker from the middle of the volume.
  const [x, y, z] = [0, 1, 2].map((world) =>
    [0, 1, 2].reduce(
      (sum, axis) =>
        sum + d[3 * world + axis] * geometry.spacing[axis] * (geometry.marker[axis] - (geometry.size[axis] - 1) / 2),
      0,
    ),
  );
  const [right, down] = { axial: [x, y], coronal: [x, -z], sagittal: [y, -z] }[name];
  assert.equal(Math.sign(seen.x - box.width / 2), Math.sign(right), `${name} across`);
  assert.equal(Math.sign(seen.y - box.height / 2), Math.sign(down), `${name} down`);
}

for (const geometry of GEOMETRIES) {
  const sides = geometry.name !== 'oblique';
  const also = sides ? ", and the patient's right is on the screen's left and the head on top" : '';
  test(`a click on what is seen paints that voxel${also}: ${geometry.name}`, { skip }, async () => {
    const entry: HarnessCase = { name: 'case', modality: 'CT', scan: markedScan(geometry), mask: null };
    await onPage([entry], 'scan=1', async (page) => {
      await smallBrush(page);
      const planes = planesOf(entry.scan);
      for (const name of PLANE_NAMES) {
        await showSlice(page, name, geometry.marker[planes[name].normal]);
        const seen = await brightest(page, name);
        assert.ok(seen.n > 0, `the block is seen in the ${name} plane`);
        const box = await pane(page, name).boundingBox();
        assert.ok(box);
        if (sides) checkSides(geometry, name, seen, box);
        await page.mouse.click(box.x + seen.x, box.y + seen.y);
        const [i, j, k] = geometry.marker;
        await becomes(() => painted(entry), [i + geometry.size[0] * (j + geometry.size[1] * k)], name);
        await page.keyboard.press('Control+z');
        await becomes(() => painted(entry), [], 'undo reached the disk');
      }
    });
  });
}

for (const geometry of GEOMETRIES.filter((g) => g.name === 'axial' || g.name === 'oblique')) {
  test(`a click on what is seen paints that voxel on planes turned about the crosshair: ${geometry.name}`, {
    skip,
  }, async () => {
    const entry: HarnessCase = { name: 'case', modality: 'CT', scan: markedScan(geometry), mask: null };
    await onPage([entry], 'scan=1', async (page) => {
      const planes = planesOf(entry.scan);
      for (const name of PLANE_NAMES) await showSlice(page, name, geometry.marker[planes[name].normal]);
      const box = await pane(page, 'axial').boundingBox();
      assert.ok(box);
      const centre = await placeOf(page, entry, 'axial', geometry.marker);
      const away = 0.38 * Math.min(box.width, box.height);
      const at = (degrees: number) => ({
        x: centre.x + away * Math.cos((degrees * Math.PI) / 180),
        y: centre.y + away * Math.sin((degrees * Math.PI) / 180),
      });
      // The handle that is surely inside of the pane.
      const from = [0, 90, 180, 270].find(
        (a) =>
          at(a).x > box.x + 20 &&
          at(a).x < box.x + box.width - 20 &&
          at(a).y > box.y + 20 &&
          at(a).y < box.y + box.height - 20,
      ) as number;
      await drag(page, [at(from), at(from + 15), at(from + 30)]);
      for (const name of ['coronal', 'sagittal'] as const) {
        assert.match(await pane(page, name).innerText(), /oblique/);
        await smallBrush(page);
        const seen = await rests(() => brightest(page, name));
        assert.ok(seen.n > 0, `the block is seen in the turned ${name} plane`);
        const turned = await pane(page, name).boundingBox();
        assert.ok(turned);
        await page.mouse.click(turned.x + seen.x, turned.y + seen.y);
        const [i, j, k] = geometry.marker;
        await becomes(() => painted(entry), [i + geometry.size[0] * (j + geometry.size[1] * k)], name);
        await page.keyboard.press('Control+z');
        await becomes(() => painted(entry), []);
      }
      await page.getByRole('button', { name: 'Straighten' }).click();
      if (geometry.name === 'axial') assert.doesNotMatch(await pane(page, 'coronal').innerText(), /oblique/);
    });
  });
}

test('what is on the screen is what is on disk, voxel by voxel', { skip }, async () => {
  const entry = ball();
  await onPage([entry], 'scan=1', async (page) => {
    await page.keyboard.press('b');
    const corners = [
      [14, 15],
      [30, 18],
      [33, 33],
      [17, 30],
    ] as const;
    await drag(page, await Promise.all(corners.map(([i, j]) => placeOf(page, entry, 'axial', [i, j, 12]))));
    await page.keyboard.press('v');
    await saved(page);
    for (const name of PLANE_NAMES) {
      await rests(() => brightest(page, name));
      const box = await pane(page, name).boundingBox();
      assert.ok(box && entry.mask);
      const plane = planesOf(entry.scan)[name];
      const geometry = { grid: entry.scan, plane, width: box.width, height: box.height };
      const camera = fitCamera(geometry);
      const middle = [24, 24, 12];
      const probes: { x: number; y: number; drawn: boolean }[] = [];
      for (let a = 0; a < BALL[plane.u]; a++) {
        for (let b = 0; b < BALL[plane.v]; b++) {
          const voxel = [...middle] as [number, number, number];
          voxel[plane.u] = a;
          voxel[plane.v] = b;
          const [x, y] = voxelToCanvas(geometry, camera, voxel);
          probes.push({ x, y, drawn: entry.mask.data[voxel[0] + 48 * (voxel[1] + 48 * voxel[2])] === 1 });
        }
      }
      const wrong = await pane(page, name).evaluate((element, points) => {
        const context = (element.querySelector('.image > canvas') as HTMLCanvasElement).getContext(
          '2d',
        ) as CanvasRenderingContext2D;
        return points.filter(({ x, y, drawn }) => {
          const [red, , blue] = context.getImageData(
            Math.floor(x * devicePixelRatio),
            Math.floor(y * devicePixelRatio),
            1,
            1,
          ).data;
          return red - blue > 30 !== drawn;
        }).length;
      }, probes);
      assert.equal(wrong, 0, `${wrong} of ${probes.length} voxels differ on the ${name} plane`);
    }
  });
});

test('a stroke draws the planes that cut it anew, and no others', { skip }, async () => {
  await onPage([ball()], 'scan=1', async (page, { cases: [entry] }) => {
    await smallBrush(page);
    await page.evaluate((names) => {
      const counts: Record<string, number> = {};
      (globalThis as unknown as { drawn: typeof counts }).drawn = counts;
      for (const name of names)
        document.querySelector(`[data-plane=${name}] .image`)?.addEventListener('CORNERSTONE_IMAGE_RENDERED', () => {
          counts[name] = (counts[name] ?? 0) + 1;
        });
    }, PLANE_NAMES);
    const drawn = async (from: readonly [number, number, number], to: readonly [number, number, number]) => {
      await page.evaluate(() => {
        const { drawn } = globalThis as unknown as { drawn: Record<string, number> };
        for (const name of Object.keys(drawn)) delete drawn[name];
      });
      await drag(page, [await placeOf(page, entry, 'axial', from), await placeOf(page, entry, 'axial', to)]);
      await saved(page);
      return rests(() => page.evaluate(() => Object.keys((globalThis as unknown as { drawn: object }).drawn).sort()));
    };
    // The planes meet in the middle.
    const [i, j, k] = BALL.map((n) => n >> 1);
    // What Cornerstone3D does once for a new layer is over.
    await drawn([i - 9, j - 9, k], [i - 9, j - 9, k]);
    assert.deepEqual(await drawn([i - 8, j - 8, k], [i - 4, j - 8, k]), ['axial']);
    assert.deepEqual(await drawn([i - 3, j - 6, k], [i + 3, j - 6, k]), ['axial', 'sagittal']);
    assert.deepEqual(await drawn([i - 6, j - 3, k], [i - 6, j + 3, k]), ['axial', 'coronal']);
  });
});

test('a large scan stands on the screen before all of it has come; it is drawn on once it has', { skip }, async () => {
  const size = [256, 256, 130] as const;
  const entry: HarnessCase = { name: 'large', modality: 'CT', scan: ballScan(size, 60), mask: null };
  await onPage([ball(), entry], 'scan=1', async (page, harness) => {
    let release = () => {};
    harness.hold = new Promise((resolve) => {
      release = resolve;
    });
    await page.evaluate(() => (globalThis as unknown as { openScan(id: number): void }).openScan(2));
    await page.waitForSelector('[data-phase=arriving] [data-plane=axial][data-drawn=scan]');
    assert.ok((await brightest(page, 'axial')).n > 1000, 'the ball is seen');
    assert.equal(await pane(page, 'coronal').getAttribute('data-drawn'), 'nothing');
    assert.equal(await page.getByRole('button', { name: 'Done' }).isEnabled(), false);
    const middle = await placeOf(page, entry, 'axial', [128, 128, 65]);
    await page.keyboard.press('b');
    await drag(page, [middle, { x: middle.x + 30, y: middle.y }]);
    release();
    await allDrawn(page);
    assert.equal(entry.mask, null, 'nothing was drawn before');
    assert.ok((await brightest(page, 'coronal')).n > 1000, 'the other planes too');
    await page.keyboard.press('b');
    await drag(page, [middle, { x: middle.x + 30, y: middle.y }]);
    await saved(page);
    assert.ok(count(entry, 1) > 0);
  });
});
