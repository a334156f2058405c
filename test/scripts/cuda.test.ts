/** Which TensorFlow with CUDA fits which driver: faked ones, and the set-up with them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkPublished, wheelFor } from '../../scripts/tensorflow/cuda.ts';
import { findNvidiaDriver, type NvidiaDriver } from '../../src/engine/machine/nvidia.ts';
import { fakeNvidia } from '../engine/fake-nvidia.ts';
import { temporaryFolder } from '../store/helpers.ts';

const driver = (version: string, ...capabilities: number[]): NvidiaDriver => ({
  gpus: capabilities.map((capability) => `GPU of ${capability}, 24 GiB`),
  version,
  capabilities,
});

test('the driver tells version, memory and compute capability of each GPU; an old one no capability', (t) => {
  const known = {
    'name,memory.total,driver_version': ['NVIDIA H200, 143771, 570.86.15', 'NVIDIA A2, 15356, 570.86.15'],
  };
  fakeNvidia(t, { ...known, compute_cap: ['9.0', '8.6'] });
  assert.deepEqual(findNvidiaDriver(), {
    gpus: ['NVIDIA H200, 140 GiB', 'NVIDIA A2, 15 GiB'],
    version: '570.86.15',
    capabilities: [9, 8.6],
  });
  fakeNvidia(t, known);
  assert.deepEqual(findNvidiaDriver()?.capabilities, []);
  fakeNvidia(t, {});
  assert.equal(findNvidiaDriver(), undefined);
});

test('the newest wheel that has kernels for the GPU and whose CUDA fits the driver', () => {
  for (const [given, wheel] of [
    [driver('570.86.15', 9), '>=2.16,<3'],
    [driver('525.60.13', 7.5), '>=2.16,<3'],
    [driver('580.65.06', 12), '>=2.16,<3'],
    [driver('535.104.05', 5.2), '>=2.16,<2.18'],
    [driver('535.104.05', 5.2, 8.6), '>=2.16,<3'],
    [driver('525.60.13'), '>=2.16,<3'],
  ] as const)
    assert.equal(wheelFor(given), wheel, JSON.stringify(given));
});

test('what does not fit is said with what was found and what helps', () => {
  const refused = (check: () => unknown, says: RegExp) => assert.throws(check, says);
  refused(() => wheelFor(undefined), /must be there, got none .* --no-gpu$/);
  refused(
    () => wheelFor(driver('470.256.02', 8.6)),
    /CUDA 12 must have a driver of 525\.60\.13 or newer, got 470\.256\.02\. Update the driver; until then --engine webgpu/,
  );
  refused(() => wheelFor(driver('525.60.12', 8.6)), /525\.60\.13 or newer/);
  refused(
    () => wheelFor(driver('535.104.05', 3.7)),
    /capability of 5 or more, got 3\.7 \(GPU of 3\.7, 24 GiB\)\. --engine webgpu/,
  );
  checkPublished(driver('470.256.02', 8.6));
  refused(() => checkPublished(driver('570.86.15', 9)), /CUDA 11\.2 .* of 3\.5 to 8\.6, got 9 /);
  refused(() => checkPublished(driver('418.67', 7)), /450\.80\.02 or newer, got 418\.67/);
});

test('the set-up fetches nothing for a driver that is too old, says why, and goes on without CUDA', (t) => {
  fakeNvidia(t, { 'name,memory.total,driver_version': ['Tesla K80, 11441, 418.67'] });
  const cache = temporaryFolder(t);
  const script = fileURLToPath(new URL('../../scripts/setup-tensorflow.ts', import.meta.url));
  // No npm and no pip answer here: the ways without CUDA end at their first command.
  const env = {
    ...process.env,
    DECILE_CACHE: cache,
    npm_config_registry: 'http://127.0.0.1:9',
    PIP_INDEX_URL: 'http://127.0.0.1:9',
    // npm asks again after 10 seconds, and after a minute.
    npm_config_fetch_retries: '0',
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--force'], { encoding: 'utf8', env });
  assert.equal(status, 1, stdout);
  assert.match(stderr, /GPU, wheel: The wheels with CUDA 12 must have a driver of 525\.60\.13 or newer, got 418\.67/);
  assert.match(
    stderr,
    /GPU, download: The published package with CUDA 11\.2 must have a driver of 450\.80\.02 or newer, got 418\.67/,
  );
  assert.doesNotMatch(stdout, /and-cuda|tfjs-node-gpu/);
  assert.deepEqual(readdirSync(join(cache, 'tensorflow')), []);
});
