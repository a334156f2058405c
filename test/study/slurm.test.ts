import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { decile } from '../cli/run.ts';
import { temporaryFolder } from '../store/helpers.ts';
import { noCluster, startCluster, until } from './slurm-cluster.ts';

const GRID: Grid = {
  size: [24, 20, 18],
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
/** Steps of the job that is stopped and requeued; the others are short. */
const STEPS = 200;

/** Six scans of a bright ball and a study of CPCL and its five ablations, after a job that is long. */
async function ballStudy(t: TestContext): Promise<{ folder: string; study: string }> {
  const folder = temporaryFolder(t);
  for (const part of ['images', 'labels']) mkdirSync(join(folder, part));
  for (let n = 0; n < 6; n++) {
    const inside = Uint8Array.from({ length: 24 * 20 * 18 }, (_, v) => {
      const at = [v % 24, Math.floor(v / 24) % 20, Math.floor(v / 480)];
      return at.reduce((sum, x, a) => sum + (x - [10 + n, 9, 9][a]) ** 2, 0) <= 30 ? 1 : 0;
    });
    await writeNifti(join(folder, 'labels', `ball_${n}.nii.gz`), { ...GRID, data: inside });
    const data = Int16Array.from(inside, (v, at) => 100 + 200 * v + ((at * 37) % 60));
    await writeNifti(join(folder, 'images', `ball_${n}.nii.gz`), { ...GRID, data });
  }
  const study = join(folder, 'study.json');
  writeFileSync(
    study,
    JSON.stringify({
      name: 'Balls on a cluster',
      images: 'images',
      labels: 'labels',
      preset: 'mr',
      classes: ['ball'],
      split: { train: ['ball_0..ball_3'], test: ['ball_4', 'ball_5'] },
      methods: [
        { name: 'supervised', method: 'supervised', steps: STEPS },
        ...['cpcl', 'f-pcl', 'b-pcl', 'mt-f-pcl', 'mt-b-pcl', 'mt-c-pcl'],
      ],
      labelled: [2],
      seeds: [1],
      options: {
        ...{ steps: 12, width: 2, patch: [16, 16, 16], spacing: 'native', labelledPerStep: 1, unlabelledPerStep: 1 },
        ...{ engine: 'simd', checkpointEvery: 10, validateEvery: 100_000 },
      },
    }),
  );
  return { folder, study };
}

test('a study of seven jobs, every ablation among them, runs through Slurm; one that is killed and requeued goes on from its checkpoint', {
  skip: noCluster(),
  timeout: 600_000,
}, async (t) => {
  const { folder, study } = await ballStudy(t);
  const cluster = await startCluster();
  try {
    const out = join(folder, 'out');
    const victim = 'supervised-2-1';
    const command = ['study', study, '--out', out, '--executor', 'slurm', '--json'];
    const submitted = await decile([...command, '--no-wait'], { env: cluster.env });
    assert.equal(submitted.status, 0, submitted.stderr);
    const { slurm: id } = submitted.json() as { slurm: string };
    // The same command again must not train twice in one folder: it waits for the array that is there.
    const running = decile(command, { env: cluster.env });
    await until(() => existsSync(join(out, 'runs', victim, 'checkpoint.safetensors')), 'a checkpoint', cluster.logs);
    // The first line of jobs.txt is the first task. Requeueing a running task kills it and puts it back into the queue.
    assert.equal(readFileSync(join(out, 'slurm', 'jobs.txt'), 'utf8').split('\n')[0], victim);
    cluster.command('scontrol', 'requeue', `${id}_0`);
    const done = await running;
    assert.equal(done.status, 0, `${done.stderr}\n${cluster.logs()}`);
    const result = done.json() as { jobs: number; done: number; failed: string[] };
    assert.deepEqual([result.jobs, result.done, result.failed], [7, 7, []]);
    assert.match(done.stderr, new RegExp(`Job array ${id} of this study is still in the queue`));
    assert.match(cluster.command('scontrol', 'show', 'job', `${id}_0`), /Requeue=1 Restarts=1/);
    const log = readFileSync(join(out, 'slurm', '0.log'), 'utf8');
    const [, after] = /goes on after step (\d+)/.exec(log) ?? [];
    assert.ok(Number(after) >= 10 && Number(after) < STEPS, log);
    assert.match(log, new RegExp(`${victim}: done`));
    assert.equal(readFileSync(join(out, 'cases.csv'), 'utf8').trim().split('\n').length, 1 + 7 * 2);
    assert.match(readFileSync(join(out, 'tables.md'), 'utf8'), /^7 of 7 jobs\.$/m);
    const again = await decile(command, { env: cluster.env });
    assert.deepEqual(
      [again.status, cluster.command('squeue', '--noheader').trim()],
      [0, ''],
      'nothing is submitted twice',
    );
  } finally {
    await cluster.stop();
  }
});
