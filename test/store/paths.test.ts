import assert from 'node:assert/strict';
import { test } from 'node:test';
import { insideProject } from '../../src/project/store/paths.ts';

test('a path in the database stays inside the project folder, also one to a folder of a longer name beside it', () => {
  assert.equal(insideProject('/data/project', 'masks/1/2.nii.gz'), '/data/project/masks/1/2.nii.gz');
  assert.equal(insideProject('/data/project', 'masks/../runs'), '/data/project/runs');
  assert.equal(insideProject('/data/project', '.'), '/data/project');
  assert.equal(insideProject('/data/project/', 'runs/1'), '/data/project/runs/1');
  for (const outside of [
    '..',
    '../project-2/x',
    '../projects',
    '/etc/passwd',
    'masks/../../project2',
    '/data/project.bak/x',
  ])
    assert.throws(() => insideProject('/data/project', outside), { code: 'project/corrupt' }, outside);
});
