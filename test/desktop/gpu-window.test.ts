/**
 * Training on the WebGPU of a hidden window, as the program does it in Electron: the built main process, preload, trainer and
 * page in the stand-in of electron-stand-in.ts, computed by Chromium's software adapter.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { newProject } from '../../src/app.ts';
import { decodeCheckpoint } from '../../src/core/train/checkpoint.ts';
import { until } from '../waits.ts';
import { launchBrowser, noBrowser } from './browser.ts';
import { makeCohort } from './cohort.ts';
import { control, SOFTWARE_GPU, windows } from './electron-stand-in.ts';
import { startProgram } from './stand-in-program.ts';
import { ask } from './whole-job.ts';

/** Why Chromium here gives no WebGPU to a page; false where it does. */
async function noGpu(): Promise<string | false> {
  if (noBrowser) return noBrowser;
  const browser = await launchBrowser(SOFTWARE_GPU);
  const page = await browser.newPage();
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '' }));
  await page.goto('https://decile.invalid/');
  const found = await page.evaluate(async () => (await navigator.gpu?.requestAdapter()) != null);
  await browser.close();
  return found ? false : `Chromium gives no WebGPU adapter with ${SOFTWARE_GPU.join(' ')}`;
}

const skip = await noGpu();
const root = mkdtempSync(join(tmpdir(), 'decile-gpu-window-'));
const folder = join(root, 'project');
let page: Page;

before(async () => {
  if (skip) return;
  const cohort = await makeCohort(2, 1);
  const project = newProject(folder, { preset: 'ct-kidney', labels: [{ name: 'kidney' }] });
  await project.importScans(cohort.scans, { labels: cohort.masks });
  await project.close();
  cohort.remove();
  page = await startProgram(join(root, 'config'));
  control.folders.push(folder);
  const chosen = await ask(page, 'folders.choose', { title: 'Project' });
  await ask(page, 'projects.open', { folder: chosen!.folder });
});
after(async () => {
  await control.browser?.close();
  rmSync(root, { recursive: true, force: true });
});

const smallest = {
  ...{ width: 1, patch: [16, 16, 16] as const, spacing: 'native', labelledPerStep: 1, unlabelledPerStep: 1 },
  steps: 3,
  // SGD's updates are as near as the gradients; AdamW's first ones have the gradients' signs alone.
  ...({
    network: 'unet',
    optimiser: 'sgd',
    learningRate: 0.05,
    schedule: 'poly',
    warmUp: 0,
    weightDecay: 1e-4,
  } as const),
};

/** Of each array's largest value. The momentum is the stricter one: after three steps it is gradients alone. */
const TOLERANCE = 1e-4;
const VELOCITY_TOLERANCE = 1e-3;

/** Trains to the end; the run's checkpoint and device. */
async function trained(engine: string, meanwhile = async () => {}) {
  const { run } = await ask(page, 'train.start', { options: { ...smallest, engine } });
  await meanwhile();
  const now = async () => (await ask(page, 'runs.list')).find(({ id }) => id === run);
  await until(async () => now().then((row) => row?.state !== 'running'), `a run on ${engine}`);
  const info = await now();
  assert.equal(info?.state, 'finished', info?.failure ?? '');
  const checkpoint = decodeCheckpoint(readFileSync(join(folder, 'runs', String(run), 'checkpoint.safetensors')));
  return { checkpoint, device: info?.device ?? '' };
}

/** It is sandboxed, and has no bridge to the program. */
async function looksAtHiddenWindow(): Promise<void> {
  const found = () => windows.find(({ options: { show, width } }) => show === false && !width);
  await until(async () => found()?.webContents.page?.url().endsWith('gpu.html') === true, 'the hidden window');
  const { options, webContents } = found()!;
  const { sandbox, contextIsolation, nodeIntegration } = options.webPreferences;
  assert.deepEqual([sandbox, contextIsolation, nodeIntegration], [true, true, false]);
  assert.equal(await webContents.page?.evaluate(() => 'decile' in globalThis), false);
}

test('stand-in: a training on the GPU of a hidden window ends with the weights of the simd engine', {
  skip,
}, async () => {
  const expected = await trained('simd');
  const { checkpoint, device } = await trained('webgpu', looksAtHiddenWindow);
  assert.match(device, /^WebGPU, /);
  assert.equal(checkpoint.meta.step, 3);
  assert.deepEqual(Object.keys(checkpoint.tensors), Object.keys(expected.checkpoint.tensors));
  for (const [name, { values }] of Object.entries(expected.checkpoint.tensors)) {
    const actual = checkpoint.tensors[name].values;
    const scale = Math.max(1e-3, ...values.map(Math.abs));
    const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - actual[i])), 0);
    const tolerance = name.startsWith('velocity.') ? VELOCITY_TOLERANCE : TOLERANCE;
    assert.ok(worst <= tolerance * scale, `${name} differs by ${worst / scale} of its largest value`);
  }
});
