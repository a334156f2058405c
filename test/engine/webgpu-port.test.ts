/** A GPU at the other end of a port, and what is heard of one that fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { registerWebgpu, stopWebgpu, useRemoteGpu, webgpuBackend } from '../../src/engine/webgpu/index.ts';
import { type LocalExecutor, startLocalExecutor } from '../../src/engine/webgpu/local-executor.ts';
import { connectExecutor, type Port, serveExecutor } from '../../src/engine/webgpu/remote-executor.ts';
import { startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();

function portOf<Out, In>(port: MessagePort): Port<Out, In> {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', listener),
  };
}

/** The engine on a device of its own behind a port; gives the device's end. */
async function behindPort(): Promise<{ executor: LocalExecutor; close(): void }> {
  stopWebgpu();
  const { port1, port2 } = new MessageChannel();
  const executor = await startLocalExecutor();
  useRemoteGpu(() => {
    const connected = connectExecutor(portOf(port1));
    void serveExecutor(portOf(port2), async () => executor);
    return connected;
  });
  await registerWebgpu();
  await tf.setBackend('webgpu');
  return { executor, close: () => port2.close() };
}

/** 1 + 2 + ... + n, computed in many dispatches. */
async function sum(n: number): Promise<number> {
  let total = tf.fill([20], 0);
  for (let i = 1; i <= n; i++) {
    const next = tf.tidy(() => tf.add(total, tf.fill([20], i)));
    total.dispose();
    total = next;
  }
  const value = (await total.data())[19];
  total.dispose();
  return value;
}

test('commands through a port give what the GPU itself gives, over many batches', { skip }, async () => {
  const { close } = await behindPort();
  assert.equal(await sum(300), (300 * 301) / 2);
  const values = tf.tensor1d([3, -1, 2]);
  assert.deepEqual([...(await tf.relu(values).data())], [3, 0, 2]);
  close();
});

test('a lost device is an error with a code, for whoever reads next and for every later op', { skip }, async () => {
  const { executor, close } = await behindPort();
  assert.equal(await sum(2), 3);
  executor.device.destroy();
  await assert.rejects(sum(3), { code: 'engine/device-lost' });
  assert.throws(() => tf.tidy(() => tf.add(tf.fill([20], 1), 1)), { code: 'engine/device-lost' });
  close();
});

test('a line that loses the values on the way is an error, not wrong numbers', async () => {
  const { port1, port2 } = new MessageChannel();
  const connected = connectExecutor(portOf<unknown, unknown>(port1) as Parameters<typeof connectExecutor>[0]);
  port2.on('message', ({ ticket }) => port2.postMessage({ is: 'values', ticket, values: {} }));
  port2.postMessage({ is: 'ready', facts: {} });
  const executor = await connected;
  await assert.rejects(executor.read(0, 8), { code: 'engine/broken', message: /8 bytes, got none/ });
  port2.close();
});

test('a closed window is a lost device', { skip }, async () => {
  const { close } = await behindPort();
  const reading = sum(5);
  close();
  await assert.rejects(reading, { code: 'engine/device-lost' });
});

test('room that can be done without is asked for through a port, read in parts, and refused without ending the device', {
  skip,
}, async () => {
  const { executor, close } = await behindPort();
  const backend = webgpuBackend();
  const made = await backend.tryMake([6]);
  assert.ok(made);
  backend.fill(made, Float32Array.of(1, 2, 3, 4, 5, 6));
  assert.deepEqual([...(await backend.readPart(made, 2, 3))], [3, 4, 5]);
  backend.drop(made);
  const pop = executor.device.popErrorScope.bind(executor.device);
  executor.device.popErrorScope = async () => {
    await pop();
    return new GPUOutOfMemoryError('no room');
  };
  assert.equal(await backend.tryMake([6]), undefined);
  executor.device.popErrorScope = pop;
  assert.equal(await sum(4), 10);
  close();
});

test('what the GPU reports as out of memory is the code that makes the trainer take a smaller step', {
  skip,
}, async () => {
  const { executor, close } = await behindPort();
  executor.device.popErrorScope = async () => new GPUOutOfMemoryError('no room');
  await assert.rejects(sum(3), { code: 'engine/out-of-memory', message: /no room/ });
  close();
});

test('a fault of a shader names the shader and the reason', { skip }, async () => {
  const { executor, close } = await behindPort();
  const source = '@compute @workgroup_size(1) fn main() { nonsense }';
  executor.run({
    programs: [{ key: 'bad one', reads: 0, writes: 0, source }],
    calls: [0, 1],
    words: new Uint32Array(64),
  });
  executor.make(7, 256);
  await assert.rejects(executor.read(7, 4), { code: 'engine/broken', message: /shader bad one: .*WGSL/ });
  close();
});

test('after a lost device a new one computes', { skip }, async () => {
  const { executor, close } = await behindPort();
  executor.device.destroy();
  await assert.rejects(sum(3));
  close();
  const fresh = await behindPort();
  assert.equal(await sum(4), 10);
  fresh.close();
});
