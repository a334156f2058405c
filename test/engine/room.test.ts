/** What a step may take: a card's memory by its driver, faked here; the machine's where nobody says. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { roomOf } from '../../src/engine/choose/room.ts';
import { freeGpuBytes } from '../../src/engine/machine/gpu-memory.ts';
import { temporaryFolder } from '../store/helpers.ts';
import { fakeNvidia } from './fake-nvidia.ts';

test('of several cards the fullest counts, whichever computes', { skip: os.platform() === 'win32' }, (t) => {
  fakeNvidia(t, { 'memory.free': ['8000', '6000'] });
  assert.equal(freeGpuBytes('nvidia'), 6000 * 2 ** 20);
  assert.equal(roomOf({ name: 'webgpu', vendor: 'nvidia' }), 0.8 * 6000 * 2 ** 20);
  assert.equal(roomOf({ name: 'tensorflow', vendor: 'nvidia' }), 0.8 * 6000 * 2 ** 20);
});

test('a driver that does not answer, another vendor and a software adapter leave the machine’s memory', (t) => {
  fakeNvidia(t, {});
  const machine = roomOf({ name: 'tensorflow' });
  assert.ok(machine > 0 && machine <= os.totalmem() / 2);
  for (const vendor of ['nvidia', 'intel', 'apple', 'google']) {
    assert.equal(freeGpuBytes(vendor), undefined);
    assert.ok(roomOf({ name: 'webgpu', vendor }) <= os.totalmem() / 2);
  }
});

test('simd never counts on more than wasm32 has', () => {
  assert.ok(roomOf({ name: 'simd' }) <= 0.85 * 2 ** 32);
});

test('AMD’s card tells by its files; a chip that shares the machine’s memory is no card', (t) => {
  const cards = temporaryFolder(t);
  const card = (name: string, total: number, used: number) => {
    const device = join(cards, name, 'device');
    mkdirSync(device, { recursive: true });
    writeFileSync(join(device, 'mem_info_vram_total'), `${total}\n`);
    writeFileSync(join(device, 'mem_info_vram_used'), `${used}\n`);
  };
  card('card0', 512 * 2 ** 20, 100 * 2 ** 20);
  mkdirSync(join(cards, 'card0-HDMI-A-1'));
  assert.equal(freeGpuBytes('amd', cards), undefined);
  card('card1', 16 * 2 ** 30, 3 * 2 ** 30);
  assert.equal(freeGpuBytes('amd', cards), 13 * 2 ** 30);
  assert.equal(freeGpuBytes('amd', join(cards, 'none')), undefined);
});
