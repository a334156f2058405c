/** The Annotate screen in Chromium as a review: corrections, decisions and what is laid over the planes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, rests, until } from '../waits.ts';
import { ballScan, emptyLike } from './geometries.ts';
import { NO_CHROMIUM } from './harness/browser.ts';
import type { HarnessCase } from './harness/server.ts';
import { BALL, oneBrowser, onPage, pane, placeOf, saved } from './on-page.ts';

const skip = NO_CHROMIUM;
oneBrowser();

function predictedCase(name: string): HarnessCase {
  const scan = ballScan(BALL, 9);
  const prediction = emptyLike(scan);
  for (let v = 0; v < scan.data.length; v++) if (scan.data[v] === 300 && v % 48 < 26) prediction.data[v] = 1;
  const entropy = { ...scan, data: new Float32Array(scan.data.length) };
  for (const k of [7, 15]) entropy.data.fill(0.6, k * 2304 + 1000, k * 2304 + 1300);
  return { name, modality: 'CT', scan, mask: null, prediction, entropy, flagged: [15, 7] };
}

test('review: flagged slices, correction, change in ml, range and case decisions, next case', { skip }, async () => {
  const cases = [predictedCase('first'), predictedCase('second')];
  await onPage(cases, 'scan=1&mode=review', async (page, harness) => {
    const slice = () => pane(page, 'axial').locator('[data-slice]').innerText();
    assert.equal(await slice(), '16/24', 'opens at the most uncertain slice');
    await page.keyboard.press('n');
    assert.equal(await slice(), '8/24');
    await page.keyboard.press('n');
    assert.equal(await slice(), '16/24', 'round and round');
    await page.keyboard.press('b');
    const { x, y } = await placeOf(page, cases[0], 'axial', [30, 24, 15]);
    await page.mouse.click(x, y);
    await saved(page);
    const predicted = cases[0].prediction?.data as Uint8Array;
    const added = cases[0].mask?.data.reduce((n, v, at) => n + (v !== predicted[at] ? 1 : 0), 0) ?? 0;
    assert.ok(added > 50, 'the correction starts from the prediction');
    const button = page.getByTitle('What changed against the prediction');
    // A sign beside it says that it opens a list.
    assert.equal((await button.innerText()).split('\n')[0], `+${(added / 1000).toFixed(2)} ml`);
    await button.click();
    await page.waitForSelector('.changes table');
    assert.match(await page.locator('.changes').innerText(), new RegExp(`\\+${(added / 1000).toFixed(2)} ml`));
    await page.getByRole('button', { name: 'Accept slice 16' }).click();
    await becomes(() => harness.decisions.at(-1), { scan: 1, decision: 'accept', slices: { from: 15, to: 15 } });
    // The same by keys alone, on a range: two slices onwards, one too many taken back.
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(`Shift+${key}`);
    await page.getByText('slices 16–18').waitFor();
    await page.keyboard.press('Shift+Enter');
    await becomes(() => harness.decisions.at(-1), { scan: 1, decision: 'accept', slices: { from: 15, to: 17 } });
    await page.keyboard.press('Enter');
    await page.waitForSelector('aside h1:text("second")');
    assert.deepEqual(harness.decisions.at(-1), { scan: 1, decision: 'accept' });
    assert.deepEqual(harness.commits, [1]);
    assert.equal(cases[1].mask, null, 'opening a case changes nothing');
  });
});

test('what is marked and decided while another decision is being kept is decided after it', { skip }, async () => {
  const cases = [predictedCase('first'), predictedCase('second')];
  await onPage(cases, 'scan=1&mode=review', async (page, harness) => {
    let release = () => {};
    harness.holdDecisions = new Promise((resolve) => {
      release = resolve;
    });
    await page.getByText('16/24').first().waitFor();
    await page.keyboard.press('Shift+Enter');
    await becomes(() => harness.decisions.length, 1);
    for (const key of ['ArrowRight', 'ArrowRight']) await page.keyboard.press(`Shift+${key}`);
    await page.getByText('slices 16–18').waitFor();
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText('slices 16–19').waitFor();
    assert.equal(harness.decisions.length, 1, 'one after the other');
    release();
    await becomes(
      () => harness.decisions.map(({ slices }) => slices),
      [
        { from: 15, to: 15 },
        { from: 15, to: 17 },
      ],
    );
    await page.locator('button.primary:enabled').first().waitFor();
    assert.equal(await page.getByText('slices 16–19').count(), 1, 'what was marked since then stays marked');
  });
});

test('uncertainty, difference and the untouched prediction come onto the planes and go again', { skip }, async () => {
  const entry = predictedCase('case');
  await onPage([entry], 'scan=1&mode=review', async (page) => {
    await page.waitForFunction(() => document.querySelector('[data-slice]')?.textContent === '16/24');
    const colour = async (voxel: readonly [number, number, number]) => {
      const { x, y } = await placeOf(page, entry, 'axial', voxel);
      const box = await pane(page, 'axial').boundingBox();
      assert.ok(box);
      return pane(page, 'axial').evaluate(
        (element, [px, py]) => {
          const canvas = element.querySelector('.image > canvas') as HTMLCanvasElement;
          const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(px, py, 1, 1);
          return { red: data[0], green: data[1], blue: data[2] };
        },
        [Math.floor(x - box.x), Math.floor(y - box.y)] as const,
      );
    };
    const uncertain = [10, 23, 15] as const;
    const corrected = [30, 24, 15] as const;
    const plain = await rests(() => colour(uncertain));
    assert.equal(plain.red, plain.blue, 'grey before');
    await page.keyboard.press('u');
    const told = (voxel: typeof uncertain | typeof corrected) => async () => JSON.stringify(await colour(voxel));
    await until(async () => {
      const { red, blue } = await colour(uncertain);
      return red - blue > 40;
    }, told(uncertain));
    await page.keyboard.press('u');
    await becomes(() => colour(uncertain), plain);
    await page.keyboard.press('b');
    const { x, y } = await placeOf(page, entry, 'axial', corrected);
    await page.mouse.click(x, y);
    await until(async () => {
      const { red, blue } = await colour(corrected);
      return red - blue > 30;
    }, told(corrected));
    const mask = await rests(() => colour(corrected));
    await page.keyboard.press('Shift+D');
    await until(async () => {
      const { red, green } = await colour(corrected);
      return green - red > 30;
    }, told(corrected));
    await page.keyboard.press('Shift+D');
    await becomes(() => colour(corrected), mask);
    await page.keyboard.down('q');
    await until(async () => {
      const { red, blue } = await colour(corrected);
      return red === blue;
    }, told(corrected));
    await page.keyboard.up('q');
    await becomes(() => colour(corrected), mask);
  });
});
