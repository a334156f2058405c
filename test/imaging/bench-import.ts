/**
 * Reading speed and memory: `node test/imaging/bench-import.ts [--slices 200] [--rounds 5] [--data FOLDER]`.
 * Made-up CT series of 512 x 512 (or a folder of real ones): our reader, dcm2niix (which also writes the NIfTI, as
 * ours does here) and pydicom + numpy (read and stack alone; Python by DECILE_PYTHON), interleaved, medians. Each
 * program runs in its own process, start included.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readVolume, writeNifti } from '../../src/main/imaging/index.ts';
import { writeSeries } from './helpers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    slices: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
    data: { type: 'string' },
  },
});

if (positionals[0] === 'convert') {
  await writeNifti(positionals[2], (await readVolume(positionals[1])).volume);
  console.log(process.resourceUsage().maxRSS * 1024);
} else compare();

function compare(): void {
  const folder = mkdtempSync(join(tmpdir(), 'decile-bench-'));
  try {
    const series = values.data ?? join(folder, 'series');
    if (!values.data)
      writeSeries(series, {
        columns: 512,
        rows: 512,
        positions: Array.from({ length: Number(values.slices) }, (_, k) => [0, 0, k]),
        value: (i, j, k) => ((i * j + 31 * k) % 4000) - 1000,
      });
    const python = process.env.DECILE_PYTHON ?? 'python3';
    const script = `import pydicom,numpy,os,sys
d=sys.argv[1]; s=[pydicom.dcmread(os.path.join(d,f)) for f in os.listdir(d)]
s.sort(key=lambda x: float(x.ImagePositionPatient[2])); v=numpy.stack([x.pixel_array for x in s]); print(v.shape)`;
    const runs: Record<string, () => unknown> = {
      decile: () =>
        execFileSync(process.execPath, [fileURLToPath(import.meta.url), 'convert', series, join(folder, 'o.nii')], {
          encoding: 'utf8',
        }),
      dcm2niix: () =>
        execFileSync('dcm2niix', ['-z', 'n', '-b', 'n', '-w', '1', '-o', folder, '-f', 't', series], {
          stdio: 'ignore',
        }),
      pydicom: () => execFileSync(python, ['-W', 'ignore', '-c', script, series], { stdio: 'ignore' }),
    };
    const times: Record<string, number[]> = {};
    let bytes = 0;
    for (const name of Object.keys(runs)) {
      if (name === 'pydicom' && spawnSync(python, ['-c', 'import pydicom']).status !== 0) delete runs[name];
      if (name === 'dcm2niix' && spawnSync('which', ['dcm2niix']).status !== 0) delete runs[name];
    }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, run] of Object.entries(runs)) {
        const start = performance.now();
        const said = run();
        times[name] = [...(times[name] ?? []), (performance.now() - start) / 1000];
        if (name === 'decile') bytes = Number(said);
      }
    }
    const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
    const seconds = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, +median(list).toFixed(2)]));
    const ratios = Object.fromEntries(
      Object.entries(seconds).map(([name, s]) => [name, +(seconds.decile / s).toFixed(2)]),
    );
    console.log(JSON.stringify({ seconds, ratios, peakMiB: Math.round(bytes / 2 ** 20) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
