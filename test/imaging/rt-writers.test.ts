/**
 * Structure sets in the style of other programs' writers, made by rt_writers.py: every voxel that a structure stands for is read, and
 * scikit-image's polygons of the same contours say so, too.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { discoverScans, openSegments, readScan } from '../../src/imaging/index.ts';
import { scratch } from './helpers.ts';

const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noPython =
  spawnSync(PYTHON, ['-c', 'import pydicom, numpy, skimage'], { stdio: 'ignore' }).status === 0
    ? false
    : 'pydicom and scikit-image are not installed (set DECILE_PYTHON to a Python that has them)';

interface Written {
  sets: { path: string; structures: { number: number; name: string; mask: string }[]; rasterised: number }[];
}

test('structure sets as rt-utils and tools on isolines write them give the voxels that they were made of', {
  skip: noPython,
}, async (t: TestContext) => {
  const folder = scratch();
  const program = join(import.meta.dirname, 'rt_writers.py');
  const written = JSON.parse(execFileSync(PYTHON, [program, folder], { encoding: 'utf8' })) as Written;
  const { sources } = await discoverScans(join(folder, 'series'));
  const { volume } = await readScan(sources[0]);
  assert.deepEqual([sources.length, volume.size], [1, [48, 40, 7]]);
  for (const { path, structures, rasterised } of written.sets) {
    assert.equal(rasterised, 0, "the contours' polygons are the masks");
    const object = await openSegments(path);
    assert.deepEqual(
      object?.segments.map(({ number, name }) => [number, name]),
      structures.map(({ number, name }) => [number, name]),
    );
    for (const { number, name, mask } of structures)
      await t.test(`${path.slice(folder.length + 1)}: ${name}`, () => {
        const { labels, notices, outside } = object!.draw(volume, new Map([[number, 1]]));
        const expected = readFileSync(mask);
        assert.ok(expected.includes(1));
        assert.deepEqual([outside, notices], [0, []]);
        assert.deepEqual(Buffer.from(labels.data), expected);
      });
  }
});
