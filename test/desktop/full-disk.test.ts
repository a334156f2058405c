/** A disk that is really full: the project lies on a small file system in memory, which another file fills. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { journalFile, openWorkingMask } from '../../src/project/services/drawing/working-mask.ts';
import { createProject, volumeFile } from '../../src/project/store/index.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { startServed } from './served.ts';
import { ask, importWithMasks, makeProject, maskOf, place, ready, stroke } from './whole-job.ts';

/** Makes a file system of `megabytes`; null where this user may not. */
function smallDisk(megabytes: number): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'decile-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
}
const disk = process.platform === 'linux' ? smallDisk(24) : null;
const skip = disk ? false : 'mounting a small disk needs root on Linux';
/** Takes the last page; what is written next finds no room. */
const fill = () => {
  for (let megabytes = 1; megabytes > 1 / 1024; ) {
    const { bavail, bsize } = statfsSync(disk!);
    if (bavail === 0) break;
    writeFileSync(join(disk!, 'filler'), Buffer.alloc(bavail * bsize), { flag: 'a' });
    megabytes /= 2;
  }
};
const free = () => rmSync(join(disk!, 'filler'), { force: true });

before(() => {
  if (disk) mkdirSync(join(disk, 'projects'));
});
after(() => {
  if (!disk) return;
  execFileSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true });
});

test('the first stroke of a case on a full disk is refused whole, and saved once there is room', { skip }, async () => {
  const grid = {
    size: [6, 5, 4],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  } as const;
  const store = createProject(join(disk!, 'strokes'), { preset: 'mr', labels: [{ name: 'organ' }] });
  const id = store.scans.nextId();
  await writeNifti(store.path(volumeFile(id)), { ...grid, data: new Int16Array(6 * 5 * 4) });
  store.scans.add(id, { ...grid, name: 'a', modality: 'MR', sourcePath: '/nowhere', contentHash: 'x' });
  mkdirSync(store.path(`masks/${id}`), { recursive: true });
  const drawing = await openWorkingMask(store, id, 'manual');
  const dot = (i: number) => encodeBoxes([{ start: [i, 0, 0], size: [1, 1, 1], values: Uint8Array.of(1) }]);
  fill();
  for (let n = 0; n < 2; n++) assert.throws(() => drawing.edit(dot(0)), { code: 'disk/full' });
  assert.equal(drawing.dirty, false);
  free();
  drawing.edit(dot(1));
  drawing.edit(dot(2));
  drawing.close();
  assert.ok(existsSync(store.path(journalFile(id, 'manual'))));
  const again = await openWorkingMask(store, id, 'manual');
  assert.deepEqual([...again.data.subarray(0, 4)], [0, 1, 1, 0]);
  again.close();
  store.close();
  rmSync(join(disk!, 'strokes'), { recursive: true });
});

test('painting on a full disk says so, goes on, and loses nothing once there is room', {
  skip: skip || noBrowser,
}, async () => {
  const served = await startServed(2, 1);
  const { page, shell, cohort } = served;
  try {
    await makeProject(shell, { ...cohort, projects: join(disk!, 'projects') }, 'Small disk');
    await importWithMasks(shell, cohort, 2);
    await page.getByRole('button', { name: 'case_2', exact: true }).click();
    await ready(page, 'case_2');
    await page.keyboard.press('b');
    await stroke(page);
    await page.locator('[data-save="saved"]').filter({ hasText: 'ago' }).waitFor();
    fill();
    const failed = page.locator('[data-save="failed"]');
    // The journal's last page of 4096 bytes is its own: a hundred small strokes still fit in there, few big balls do.
    await page.keyboard.press('o');
    for (let n = 0; n < 8; n++) await page.keyboard.press(']');
    for (let n = 0; n < 20 && !(await failed.count()); n++) {
      await page.keyboard.press(n % 2 ? 'e' : 'b');
      await stroke(page);
      await page.waitForTimeout(300);
    }
    assert.match(await failed.innerText(), /not saved.*full disk.*Free some space/);
    const scan = (await ask(page, 'scans.list')).find((row) => row.name === 'case_2')!.id;
    const onDisk = await maskOf(page, scan, 'manual');
    await page.keyboard.press('b');
    await page.mouse.wheel(0, 100);
    await stroke(page);
    // Another case must wait: the strokes of this one are in this window alone.
    await place(page, 'Cases');
    await page
      .getByText(/not saved/)
      .first()
      .waitFor();
    await place(page, 'Annotate');
    free();
    await page.locator('[data-save="saved"]').waitFor();
    await until(
      async () => !isDeepStrictEqual(await maskOf(page, scan, 'manual'), onDisk),
      'the strokes of the full disk saved',
    );
    const before = await maskOf(page, scan, 'manual');
    await page.reload();
    await place(page, 'Annotate');
    await ready(page, 'case_2');
    assert.deepEqual(await maskOf(page, scan, 'manual'), before);
  } finally {
    free();
    await served.close();
  }
});
