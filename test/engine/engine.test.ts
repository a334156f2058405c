/** The chooser, the installation it looks for, and the TensorFlow engine's values. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DecileError } from '../../src/core/errors.ts';
import { startEngine } from '../../src/engine/choose/index.ts';
import { isLibraryChatter, trainerEnvironment } from '../../src/engine/machine/environment.ts';
import { probeEngine } from '../../src/engine/measure/probe.ts';
import { findTensorflow, TFJS_NODE_VERSION } from '../../src/engine/tensorflow/installation.ts';

const absent = findTensorflow().length === 0 ? 'TensorFlow is not installed (npm run setup:tensorflow)' : false;

/** Runs with an empty cache folder of its own, as on a machine where nothing was set up. */
async function withEmptyCache(body: (cache: string) => void | Promise<void>): Promise<void> {
  const before = process.env.DECILE_CACHE;
  const cache = mkdtempSync(join(tmpdir(), 'decile-cache-'));
  process.env.DECILE_CACHE = cache;
  try {
    await body(cache);
  } finally {
    if (before === undefined) delete process.env.DECILE_CACHE;
    else process.env.DECILE_CACHE = before;
    rmSync(cache, { recursive: true });
  }
}

const installedInModules = () => findTensorflow().some(({ source }) => source === 'node_modules');

test('asking for TensorFlow where there is none names the cure', async (t) => {
  await withEmptyCache(async () => {
    if (installedInModules()) return t.skip('TensorFlow is in node_modules');
    await assert.rejects(startEngine('tensorflow'), (error: DecileError) => {
      assert.equal(error.code, 'engine/not-installed');
      assert.match(error.cure, /npm run setup:tensorflow/);
      return true;
    });
  });
});

test('the doctor tells an engine that is not there from one that is broken', async (t) => {
  await withEmptyCache(() => {
    if (installedInModules()) return t.skip('TensorFlow is in node_modules');
    const probe = fileURLToPath(new URL('../../src/engine/measure/probe.ts', import.meta.url));
    const { stdout } = spawnSync(process.execPath, [probe, 'tensorflow'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(stdout), {
      failure: 'The engine tensorflow must be installed, got none.',
      absent: true,
    });
  });
});

test('auto falls back to the own kernels and says so', async (t) => {
  await withEmptyCache(async () => {
    if (installedInModules()) return t.skip('TensorFlow is in node_modules');
    const engine = await startEngine('auto');
    assert.equal(engine.name, 'simd');
    assert.match(engine.notice, /TensorFlow is not installed.*simd/);
  });
});

test('a half-made installation is not used', async () => {
  await withEmptyCache((cache) => {
    const name = `${TFJS_NODE_VERSION}-2.0-${process.platform}-${process.arch}`;
    const addon = join(cache, 'tensorflow', name, 'node_modules', '@tensorflow', 'tfjs-node', 'lib', 'napi-v8');
    mkdirSync(addon, { recursive: true });
    writeFileSync(join(addon, 'tfjs_binding.node'), '');
    const inCache = () => findTensorflow().filter(({ source }) => source !== 'node_modules').length;
    assert.equal(inCache(), 0);
    const record = { packageName: '@tensorflow/tfjs-node', source: 'wheel', tensorflow: '2.0', gpu: false };
    writeFileSync(join(cache, 'tensorflow', name, 'installed.json'), JSON.stringify(record));
    assert.equal(inCache(), 1);
  });
});

/** An installation of TensorFlow in an empty cache folder, whose addon does not load. */
function installBroken(cache: string, gpu: boolean): void {
  const packageName = gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const folder = join(cache, 'tensorflow', `${TFJS_NODE_VERSION}-2.0-${process.platform}-${process.arch}`);
  const addon = join(folder, 'node_modules', packageName, 'lib', 'napi-v8');
  mkdirSync(addon, { recursive: true });
  writeFileSync(join(addon, 'tfjs_binding.node'), 'not a library');
  writeFileSync(
    join(folder, 'installed.json'),
    JSON.stringify({ packageName, source: 'wheel', tensorflow: '2.0', gpu }),
  );
}

test('an installation that does not load is an error with a code, and auto goes on without it', async (t) => {
  await withEmptyCache(async (cache) => {
    if (installedInModules()) return t.skip('TensorFlow is in node_modules');
    installBroken(cache, true);
    await assert.rejects(startEngine('tensorflow'), (error: DecileError) => error.code === 'engine/broken');
    const engine = await startEngine('auto');
    assert.equal(engine.name, 'simd');
    assert.match(engine.notice, /must load/);
  });
});

test('where nothing was measured the own kernels go before TensorFlow without a graphics card', async (t) => {
  await withEmptyCache(async (cache) => {
    if (installedInModules()) return t.skip('TensorFlow is in node_modules');
    installBroken(cache, false);
    const engine = await startEngine('auto');
    assert.equal(engine.name, 'simd');
    assert.equal(engine.notice, '', 'TensorFlow was not tried');
  });
});

test('the number of threads reaches the environment of the trainer', () => {
  assert.equal(trainerEnvironment(3).TF_NUM_INTRAOP_THREADS, '3');
  assert.equal('TF_NUM_INTRAOP_THREADS' in trainerEnvironment(0), false);
  assert.equal(trainerEnvironment(0).TF_ENABLE_ONEDNN_OPTS, '1');
});

test('only the line about oneDNN counts as chatter', () => {
  assert.equal(isLibraryChatter('I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on. You may ...'), true);
  assert.equal(isLibraryChatter('terminate called after throwing an instance of std::bad_alloc'), false);
});

test('the slow engine convolves as the plain sum does', async () => {
  const { difference } = await probeEngine('cpu');
  assert.ok(difference < 1e-5, `differs by ${difference}`);
});

test('the simd engine convolves as the plain sum does, forward and back', async () => {
  const { difference, device } = await probeEngine('simd');
  assert.match(device, /^WebAssembly/);
  assert.ok(difference < 1e-5, `differs by ${difference}`);
});

test('TensorFlow convolves as the plain sum does, forward and back', { skip: absent }, async () => {
  const { difference, device } = await probeEngine('tensorflow');
  assert.match(device, /^TensorFlow/);
  assert.ok(difference < 1e-5, `differs by ${difference}`);
});

test('TensorFlow computes on the copy of TensorFlow.js that everyone imports', { skip: absent }, async () => {
  const { tf } = await startEngine('tensorflow');
  const everyone = await import('@tensorflow/tfjs');
  assert.equal(everyone.getBackend(), 'tensorflow');
  assert.equal(tf.engine(), everyone.engine());
});
