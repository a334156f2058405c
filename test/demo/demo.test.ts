import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeCohort } from '../../src/cli/demo/cohort.ts';
import { demoSetting, fittingSteps } from '../../src/cli/demo/settings.ts';
import { scoreTable, whatWasDone, whatWasFound } from '../../src/cli/demo/words.ts';
import { runDemo } from '../../src/cli/demo.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { makePhantom, PHANTOM_KINDS } from '../../src/core/phantom/index.ts';
import { readMask, readVolume } from '../../src/imaging/index.ts';
import type { EvaluationReport } from '../../src/project/services/review/evaluate.ts';

const DECILE = fileURLToPath(new URL('../../bin/decile.mjs', import.meta.url));

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'decile-demo-test-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('steps fill the time that both trainings should take, within bounds', () => {
  const full = demoSetting('ct-abdomen', 'tensorflow');
  const smallest = demoSetting('ct-abdomen', 'cpu');
  // 200 s / (0.4 + 0.6) s = 200 steps; 200 / 2 = 100 < 120; 200 / 0.05 = 4000 > 600.
  assert.equal(fittingSteps(full, [0.4, 0.6]), 200);
  assert.equal(fittingSteps(full, [0.8, 1.2]), 120);
  assert.equal(fittingSteps(full, [0.02, 0.03]), 600);
  assert.equal(fittingSteps(smallest, [30, 50]), 10);
});

test('every setting is made of legal options and of patches that fit its phantoms', () => {
  for (const kind of PHANTOM_KINDS)
    for (const engine of ['tensorflow', 'cpu']) {
      const { options, size } = demoSetting(kind, engine);
      const { patch } = resolveOptions(options);
      assert.ok(patch !== 'auto' && patch.every((side, axis) => side <= size[axis]), `${kind} ${engine}: ${patch}`);
    }
});

test('a cohort on disk is the phantoms themselves, with as many labelled masks as asked', () =>
  inFolder(async (folder) => {
    const part = { firstSeed: 40, count: 3, labelled: 1, size: [24, 24, 16] as const, prefix: 'train' };
    const cohort = await writeCohort(folder, 'ct-abdomen', part, () => {}, new AbortController().signal);
    const files = ['train_001.nii.gz', 'train_002.nii.gz', 'train_003.nii.gz'];
    assert.deepEqual((await readdir(cohort.scans)).sort(), files);
    assert.deepEqual((await readdir(cohort.masks)).sort(), files);
    assert.deepEqual(await readdir(cohort.labelled), files.slice(0, 1));
    const { scan, mask } = makePhantom('ct-abdomen', 41, [24, 24, 16]);
    const { volume } = await readVolume(join(cohort.scans, files[1]));
    assert.deepEqual(Array.from(volume.data), Array.from(scan.data));
    scan.origin.forEach((mm, axis) => {
      assert.ok(Math.abs(mm - volume.origin[axis]) < 1e-3, `origin ${volume.origin}`);
    });
    assert.deepEqual((await readMask(join(cohort.masks, files[1]))).data, mask.data);
  }));

const report = (dice: number, p: number | null): EvaluationReport =>
  ({
    overall: {
      ...{ dice, jaccard: dice - 10, hd95: 5, asd: null, n: 10, sd: { dice: 3, jaccard: 3, hd95: 1, asd: null } },
      ...{ emptyPredictions: 0, run: 'x', withoutPrediction: [] },
      against: { run: 'y', tests: { dice: p === null ? null : { pairs: 10, meanDifference: 1, t: 1, p } } },
    },
    cases: [],
    failures: [],
    notices: [],
  }) as unknown as EvaluationReport;

test('the outcome is told as it is: ahead, behind, or explained by chance', () => {
  assert.match(
    whatWasFound(report(80, 0.01), report(74.5, null)),
    /CPCL is 5\.5 points ahead .*The unlabelled scans helped/,
  );
  assert.match(whatWasFound(report(70, 0.01), report(74.5, null)), /CPCL is 4\.5 points behind .*did not help/);
  assert.match(
    whatWasFound(report(76, 0.4), report(74.5, null)),
    /a difference of 1\.5 points that chance explains .*p = 0\.400/,
  );
  assert.match(whatWasFound(report(76, null), report(74.5, null)), /chance explains\. So short/);
  assert.match(whatWasFound(report(0, 1), report(3, null)), /neither network has learned the structure yet/);
});

test('the words name the numbers of the cohort', () => {
  const text = whatWasDone({ label: '', colour: '', preset: 'mr', scans: 'heads', structure: 'a lesion' }, 240);
  assert.match(
    text,
    /^30 made-up scans \(heads\).* Of 20 training scans 2 \(10 %\) have a mask of a lesion.* 240 steps each.*18 unlabelled.*10 further scans/s,
  );
});

test('the table shows a dash where a figure does not exist', () => {
  assert.match(
    scoreTable([{ name: 'CPCL', report: report(80, null) }]),
    /CPCL +80\.0 \(3\.0\) +70\.0 \(3\.0\) +5\.0 \(1\.0\) +-$/m,
  );
});

test('a folder with other files is refused and left as it is', () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'thesis.txt'), 'years of work');
    await assert.rejects(runDemo({ out: folder, setup: false, seed: 1, json: true, quiet: true }), {
      code: 'demo/folder-in-use',
    });
    assert.deepEqual(await readdir(folder), ['thesis.txt']);
    assert.equal(await readFile(join(folder, 'thesis.txt'), 'utf8'), 'years of work');
  }));

test('Ctrl-C ends the demo with exit code 130, says so, and leaves no probe behind', { timeout: 180_000 }, () =>
  inFolder(async (folder) => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', DECILE, 'demo', '--no-setup', '--out', join(folder, 'demo')],
      {
        env: { ...process.env, TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let said = '';
    let interrupted = false;
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!interrupted && said.includes('Measuring a training step')) {
        interrupted = true;
        setTimeout(() => child.kill('SIGINT'), 300);
      }
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(status, 130, said);
    assert.match(said, /Stopping\./);
    assert.deepEqual(await readdir(folder), ['demo']);
    assert.deepEqual(await readdir(join(folder, 'demo')), ['demo.json']);
  }),
);
