/** Our segmentations read as highdicom reads them: by pydicom and the attributes that highdicom needs, and by itself where it is there. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LabelMap } from '../../src/core/volume.ts';
import { discoverScans, encodeDicomSeg, readScan, type Segment } from '../../src/imaging/index.ts';
import { scratch, writeSeries } from './helpers.ts';

const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noPython =
  spawnSync(PYTHON, ['-c', 'import pydicom, numpy'], { stdio: 'ignore' }).status === 0
    ? false
    : 'pydicom is not installed (set DECILE_PYTHON to a Python that has it)';
const SEGMENTS: Segment[] = [
  { value: 1, label: 'Kidney', algorithm: 'MANUAL' },
  { value: 2, label: 'Tumor', algorithm: 'SEMIAUTOMATIC' },
  { value: 3, label: 'Zone X', algorithm: 'AUTOMATIC' },
];

for (const labelMap of [false, true])
  test(`every source image gets its voxels of ${labelMap ? 'a label map' : 'binary segments'}`, {
    skip: noPython,
  }, async () => {
    const folder = scratch();
    const series = join(folder, 'series');
    const positions = [0, 2.5, 5, 7.5, 10, 12.5].map((z) => [-10, 4, z]);
    writeSeries(series, { positions, columns: 20, rows: 14, spacing: [0.8, 0.9] });
    const [source] = (await discoverScans(series)).sources;
    const { volume } = await readScan(source);
    // An empty slice, and one whose segments are not all there.
    const data = Uint8Array.from(volume.data, (_, n) => {
      const [i, j, k] = [n % 20, Math.floor(n / 20) % 14, Math.floor(n / 280)];
      if (k === 2 || i < 3 || j < 2 || i > 16) return 0;
      return k === 4 ? 2 : 1 + ((i + j * k) % 3);
    });
    const mask = { ...volume, data } as LabelMap;
    const made = { name: 'Decile cpcl', version: '0.1.0', run: 'run first' };
    const path = join(folder, 'seg.dcm');
    writeFileSync(path, await encodeDicomSeg(mask, { segments: SEGMENTS, source, made, labelMap }));
    const frames = [...source.frames!].sort((a, b) => a.position![2] - b.position![2]);
    const program = join(import.meta.dirname, 'seg_reader.py');
    const out = join(folder, 'read.raw');
    const said = execFileSync(PYTHON, [program, path, out, frames[0].seriesUid!, ...frames.map((f) => f.sopUid)], { encoding: 'utf8' }); // biome-ignore format: one call
    const { wrong, segments } = JSON.parse(said) as { wrong: string[]; segments: string[] };
    assert.deepEqual([wrong, segments], [[], ['Kidney', 'Tumor', 'Zone X']]);
    assert.deepEqual(new Uint8Array(readFileSync(out)), data);
  });
