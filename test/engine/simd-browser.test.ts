/** The simd engine in Chromium: shared memory, two threads, the same values as the slow twin. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'vite';
import { launchBrowser, noBrowser } from '../desktop/browser.ts';
import type { BrowserReport } from './browser/worker.ts';

/** Against the slow twin, relative to a result's largest value: a convolution in Winograd's form. */
const TOLERANCE = 2e-5;

/** The worker with all it imports, as one script. */
async function bundle(folder: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: folder,
      minify: false,
      target: 'chrome120',
      lib: { entry: join(import.meta.dirname, 'browser', 'worker.ts'), formats: ['es'], fileName: () => 'worker.js' },
    },
  });
  return readFileSync(join(folder, 'worker.js'), 'utf8');
}

const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

test('Chromium computes a convolution and its gradients as the slow twin does', { skip: noBrowser }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-simd-page-'));
  const script = await bundle(folder);
  const server = createServer((request, response) => {
    const isScript = request.url === '/worker.js';
    response.writeHead(200, { ...ISOLATED, 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : '<!doctype html><title>simd</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const report = await page.evaluate(
      () =>
        new Promise<BrowserReport>((resolve) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data as BrowserReport);
          worker.onerror = ({ message }) => resolve({ threads: 0, relaxed: false, differences: {}, error: message });
        }),
    );
    assert.equal(report.error, undefined);
    assert.equal(report.threads, 2);
    assert.equal(Object.keys(report.differences).length, 7);
    for (const [name, difference] of Object.entries(report.differences))
      assert.ok(difference <= TOLERANCE, `${name} differs by ${difference}`);
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
