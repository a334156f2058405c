/** The whole job as a radiologist does it, by clicks and keys, in whichever shell the page runs. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { readMask } from '../../src/imaging/index.ts';
import type { CallInput, CallName, CallResult, JobInfo, Reply } from '../../src/shared/contract/index.ts';
import { until } from '../waits.ts';
import type { Cohort } from './cohort.ts';

export interface Shell {
  page: Page;
  /** Does what opens a folder dialog, and answers it with `path`. */
  choose(path: string, open: () => Promise<void>): Promise<void>;
}

/** What the page runs: a call for the project that is open now, as the window's own calls are. */
const callOpenProject = async ([name, input]: readonly [string, unknown]): Promise<unknown> => {
  type Call = (name: string, input: unknown, project?: string) => Promise<Reply<unknown>>;
  const bridge = (globalThis as { decile?: { call: Call } }).decile;
  const call: Call =
    bridge?.call ??
    (async (name, input, project) => {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${sessionStorage.getItem('decile-key')}`,
        ...(project && { 'x-decile-project': project }),
      };
      const response = await fetch(`/call/${name}`, { method: 'POST', headers, body: JSON.stringify({ input }) });
      return (await response.json()) as Reply<unknown>;
    });
  const current = await call('projects.current', undefined);
  const { session } = (current.ok && (current.value as { session?: string } | null)) || {};
  return call(name, input, session);
};

/** A call past the screens, for looking at what they did; throws what it answers with where that is an error. */
export async function ask<N extends CallName>(page: Page, name: N, input?: CallInput<N>): Promise<CallResult<N>> {
  const answer = (await page.evaluate(callOpenProject, [name, input] as const)) as Reply<CallResult<N>>;
  if (!answer.ok) throw new Error(`${name}: ${answer.error.code}: ${answer.error.message}`);
  return answer.value;
}

/** Voxels of a mask as the window gets them; null where there is none. */
export async function maskOf(page: Page, scan: number, kind: string): Promise<Uint8Array | null> {
  const project = (await ask(page, 'projects.current'))?.session ?? '';
  const values = await page.evaluate(
    async (path) => {
      const authorization = `Bearer ${sessionStorage.getItem('decile-key')}`;
      const response = await fetch(path, { headers: { authorization } });
      return response.status === 200 ? [...new Uint8Array(await response.arrayBuffer())] : null;
    },
    `/data/mask/${scan}/${kind}?project=${encodeURIComponent(project)}`,
  );
  return values && Uint8Array.from(values);
}

const foreground = (mask: Uint8Array | null): number => mask?.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0) ?? 0;

export async function makeProject({ page, choose }: Shell, cohort: Cohort, name: string): Promise<void> {
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByPlaceholder('For instance: Kidneys 2026').fill(name);
  await choose(cohort.projects, () => page.getByRole('button', { name: 'Choose…' }).click());
  await page.getByRole('button', { name: 'Make project' }).click();
  await page.getByText('Bring in your scans').waitFor();
}

export async function importWithMasks({ page, choose }: Shell, cohort: Cohort, count: number): Promise<void> {
  await choose(cohort.scans, () => page.getByRole('button', { name: 'Scans with masks…' }).click());
  await choose(cohort.masks, async () => {});
  await page.getByRole('grid', { name: 'Scans' }).waitFor();
  await until(async () => (await ask(page, 'scans.list')).length === count, 'every scan imported');
}

/** Paints a stroke across the middle of the axial plane and returns the case's id. */
export async function drawOn(page: Page, name: string): Promise<number> {
  await page.getByRole('button', { name, exact: true }).click();
  await ready(page, name);
  const scan = (await ask(page, 'scans.list')).find((row) => row.name === name)!.id;
  await page.keyboard.press('b');
  await stroke(page);
  await until(async () => foreground(await maskOf(page, scan, 'manual')) > 0, 'the stroke on the disk');
  const painted = foreground(await maskOf(page, scan, 'manual'));
  await page.keyboard.press('Control+z');
  await until(async () => foreground(await maskOf(page, scan, 'manual')) === 0, 'the undo on the disk');
  await page.keyboard.press('Control+Shift+z');
  await until(async () => foreground(await maskOf(page, scan, 'manual')) === painted, 'the redo on the disk');
  return scan;
}

export async function stroke(page: Page, below = 0): Promise<void> {
  const box = (await page.locator('[data-plane="axial"]').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2 + below];
  await page.mouse.move(x - 40, y);
  await page.mouse.down();
  await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.move(x + 40, y, { steps: 4 });
  await page.mouse.up();
}

/** Paints within a range of intensities, then on a farther slice, and fills between: each is looked at on the disk. */
export async function moreTools(page: Page, scan: number): Promise<void> {
  const slices = async () => {
    const mask = await maskOf(page, scan, 'manual');
    const size = (await ask(page, 'scans.detail', { scan })).grid.size;
    const inSlice = size[0] * size[1];
    return Array.from({ length: size[2] }, (_, k) =>
      foreground(mask?.subarray(k * inSlice, (k + 1) * inSlice) ?? null),
    );
  };
  const drawnSlices = async () => (await slices()).flatMap((n, k) => (n ? [k] : []));
  const [start] = await drawnSlices();
  const before = foreground(await maskOf(page, scan, 'manual'));
  await page.keyboard.press('t');
  await page.getByRole('checkbox', { name: 'Range from where the stroke starts' }).uncheck();
  await page.getByRole('spinbutton', { name: 'From' }).fill('20000');
  await page.getByRole('spinbutton', { name: 'To' }).fill('30000');
  await page.locator('[data-plane="axial"]').hover();
  await stroke(page);
  await page.waitForTimeout(500);
  assert.equal(foreground(await maskOf(page, scan, 'manual')), before, 'no intensity lies in that range');
  await page.getByRole('spinbutton', { name: 'From' }).fill('-30000');
  await stroke(page);
  await until(async () => foreground(await maskOf(page, scan, 'manual')) >= before, 'the range holds all');
  await page.locator('[data-plane="axial"]').hover();
  for (let n = 0; n < 4; n++) await page.mouse.wheel(0, 100);
  await page.keyboard.press('b');
  await stroke(page);
  await until(async () => (await drawnSlices()).length === 2, 'a second slice drawn');
  const [low, high] = await drawnSlices();
  assert.ok(high - low > 1 && (low === start || high === start), `${low} ${high}`);
  await page.keyboard.press('i');
  await until(async () => (await drawnSlices()).length === high - low + 1, 'the slices between filled');
  await page.keyboard.press('Control+z');
  await until(async () => (await drawnSlices()).length === 2, 'the filling undone in one step');
  await page.keyboard.press('Control+y');
  await until(async () => (await drawnSlices()).length === high - low + 1, 'and done again');
}

export async function ready(page: Page, name: string): Promise<void> {
  await page.locator('.viewer[data-phase="ready"]').waitFor();
  await page.getByText(new RegExp(`^${name}, `)).waitFor();
  // The line on top runs ahead of the case; the panel is the case's own.
  await page.locator('.viewer aside h1').getByText(name, { exact: true }).waitFor();
  await page.locator('.viewer[data-phase="ready"]').waitFor();
  await page.locator('[data-plane="axial"][data-drawn="all"]').waitFor();
}

/** A tiny network for a few steps: paused, gone on with, finished. */
export async function trainAFew(page: Page, steps: number): Promise<void> {
  await place(page, 'Train');
  await page.getByRole('button', { name: 'Research' }).click();
  for (const [key, value] of [
    ['steps', String(steps)],
    ['width', '2'],
    ['patch', '32,32,32'],
    ['spacing', 'native'],
  ]) {
    await page.locator(`#option-${key}`).fill(value);
    await page.locator(`#option-${key}`).press('Tab');
  }
  await page.getByRole('button', { name: 'Train', exact: true }).and(page.locator('.primary')).click();
  // The options make way for the run.
  await page.locator('#option-steps').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Pause' }).first().click();
  await page.getByText(/paused at step/).waitFor();
  const drawn = () => page.locator('figure path.line').first().getAttribute('d');
  const whenPaused = await drawn();
  await page.getByRole('button', { name: 'Go on' }).first().click();
  await until(async () => (await ask(page, 'runs.list'))[0]?.state === 'finished', 'the run finished');
  const [run] = await ask(page, 'runs.list');
  const curve = await ask(page, 'train.curve', { run: run.id });
  assert.deepEqual(
    curve.steps,
    Array.from({ length: steps }, (_, n) => n + 1),
  );
  await until(
    async () => (await drawn())!.includes('L') && (await drawn()) !== whenPaused,
    'a curve drawn, and moved since the pause',
  );
}

/** @param leftOut names of scans that have no prediction for their unfinished drawings */
export async function predictTheRest(page: Page, expected: number, leftOut: readonly string[] = []): Promise<void> {
  await page.getByRole('button', { name: 'Predict the other scans' }).click();
  const ended = ({ status }: JobInfo) => status !== 'running' && status !== 'paused';
  const predictions = async () => (await ask(page, 'jobs.list')).filter(({ kind }) => kind === 'predict');
  await until(
    async () => (await predictions()).some(ended),
    async () => `a prediction that has ended, got ${JSON.stringify(await ask(page, 'jobs.list'))}`,
  );
  const [{ status, detail, error, failures, notices }] = await predictions();
  assert.deepEqual(
    { status, error, leftOut: failures.map(({ path }) => path), notices },
    { status: 'done', error: undefined, leftOut, notices: [] },
    detail,
  );
  assert.equal((await ask(page, 'review.queue')).length, expected, detail);
  await until(async () => (await ask(page, 'jobs.list')).every((job) => job.status === 'done'), 'no job left');
}

/** Corrects the first case with a stroke and accepts it; the next of the queue opens by itself. */
export async function reviewOne(page: Page): Promise<number> {
  const [first, second] = await ask(page, 'review.queue');
  await place(page, 'Review');
  await ready(page, first.name);
  await page.keyboard.press('n');
  const shown = Number(await page.locator('[data-strips]').getAttribute('aria-valuenow')) - 1;
  assert.ok(first.flagged.includes(shown), `slice ${shown} is one of ${first.flagged}`);
  await page.keyboard.press('b');
  await stroke(page);
  await until(async () => (await maskOf(page, first.scan, 'corrected')) !== null, 'the correction on the disk');
  await page.locator('[data-save="saved"]').waitFor();
  await page.keyboard.press('Enter');
  await ready(page, second.name);
  const rows = await ask(page, 'scans.list');
  assert.equal(rows.find((row) => row.id === first.scan)?.state, 'reviewed');
  return first.scan;
}

/** Exports NIfTI masks and compares one with what was painted, voxel by voxel. */
export async function exportAndCompare(
  { page, choose }: Shell,
  cohort: Cohort,
  scan: number,
  name: string,
  kind: 'manual' | 'corrected',
): Promise<void> {
  const painted = await maskOf(page, scan, kind);
  await place(page, 'Cases');
  await page.getByRole('button', { name: 'Export' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export', exact: true });
  await choose(cohort.exports, () => dialog.getByRole('button', { name: 'Choose…' }).click());
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await until(async () => readdirSync(cohort.exports).includes(`${name}.nii.gz`), 'the exported file');
  await until(async () => (await ask(page, 'jobs.list')).every((job) => job.status === 'done'), 'the export done');
  const exported = await readMask(join(cohort.exports, `${name}.nii.gz`));
  assert.ok(foreground(exported.data) > 0);
  assert.deepEqual(exported.data, painted);
}

export const place = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Places' }).getByRole('button', { name }).click();

/**
 * Every picture in sight has come. Not until nothing is asked for any more: the program may be measuring a step of a training,
 * for minutes.
 */
export const picturesIn = (page: Page): Promise<unknown> =>
  page.waitForFunction(() =>
    [...document.images].every((one) => {
      const { top, bottom, width } = one.getBoundingClientRect();
      return one.complete || width === 0 || bottom < 0 || top > innerHeight;
    }),
  );
