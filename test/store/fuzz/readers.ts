/** What a project keeps besides images, under fuzzing: checkpoints, journals and databases, each with valid small files to damage. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newProject, openExistingProject, type Project } from '../../../src/app.ts';
import { resolveOptions } from '../../../src/core/parse-option.ts';
import { decodeCheckpoint, networkOf } from '../../../src/core/train/checkpoint.ts';
import { encodeSafetensors } from '../../../src/core/train/safetensors.ts';
import { lpsPoint, spacingMm } from '../../../src/core/volume.ts';
import { writeNifti } from '../../../src/imaging/index.ts';
import { saveMaskVersion } from '../../../src/project/services/drawing/mask-versions.ts';
import { encodeBoxes } from '../../../src/shared/contract/index.ts';
import type { Reader } from '../../imaging/fuzz/readers.ts';

const GRID = {
  size: [6, 5, 4] as const,
  spacing: spacingMm(1, 1, 2),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const,
};
const mask = (value: number) => ({
  ...GRID,
  data: Uint8Array.from({ length: 120 }, (_, n) => (n % 3 === 0 ? value : 0)),
});

export const KINDS = ['checkpoint', 'journal', 'database'] as const;
export type Kind = (typeof KINDS)[number];

/** The readers, and what removes the folder that they share. */
export async function storeReaders(): Promise<{ readers: Record<Kind, Reader>; dispose(): void }> {
  const base = mkdtempSync(join(tmpdir(), 'decile-store-fuzz-'));
  const folder = join(base, 'project');
  await filledProject(base, folder);
  const journals = join(folder, 'masks', '1');
  const journal = join(journals, 'manual.journal');
  const strokes = readFileSync(journal);
  rmSync(journal);
  return {
    readers: {
      checkpoint: { name: 'checkpoint', seeds: [checkpoint(1), earlier(checkpoint(2))], read: readCheckpoint },
      journal: {
        name: 'journal',
        seeds: [strokes],
        async read(_, bytes) {
          writeFileSync(journal, bytes);
          const project = openExistingProject(folder);
          try {
            await project.drawing.look(1, 'manual');
            await project.check();
            for (const { error } of await project.drawing.recover()) throw error;
          } finally {
            await project.close();
            for (const name of [
              'manual.journal',
              ...Array.from({ length: 3 }, (_, n) => `manual.journal.damaged${n ? `-${n + 1}` : ''}`),
            ])
              rmSync(join(journals, name), { force: true });
          }
        },
      },
      database: {
        name: 'database',
        seeds: [readFileSync(join(folder, 'project.sqlite'))],
        async read(scratch, bytes) {
          const copy = join(scratch, 'project');
          if (!existsSync(copy)) cpSync(folder, copy, { recursive: true });
          for (const suffix of ['-wal', '-shm']) rmSync(join(copy, `project.sqlite${suffix}`), { force: true });
          writeFileSync(join(copy, 'project.sqlite'), bytes);
          const project = openExistingProject(copy);
          try {
            await workWith(project);
          } finally {
            await project.close();
          }
        },
      },
    },
    dispose: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** Scans, masks, a run, a prediction, a decision, strokes in a journal. */
async function filledProject(base: string, folder: string): Promise<void> {
  const images = join(base, 'images');
  mkdirSync(images);
  for (const n of [1, 2])
    await writeNifti(join(images, `scan-${n}.nii.gz`), {
      ...GRID,
      data: Int16Array.from({ length: 120 }, (_, v) => v * n),
    });
  const project = newProject(folder, { preset: 'mr', labels: [{ name: 'organ' }, { name: 'tumour' }] });
  await project.importScans(images);
  const { store } = project;
  const [first, second] = store.scans.list();
  await saveMaskVersion(store, first, mask(1), { origin: 'manual', accepted: true });
  const options = resolveOptions({ steps: 2000, spacing: 'native' });
  const run = store.runs.create({ options, classes: store.labels.classes(), cases: [] });
  store.metrics.record(run.id, 1, { loss: 1, lambda: 0.5 });
  store.checkpoints.add(run.id, 1, `runs/${run.id}/checkpoint.safetensors`);
  store.runs.update(run.id, { state: 'finished' });
  const predicted = await saveMaskVersion(store, second, mask(2), {
    origin: 'predicted',
    accepted: false,
    run: run.id,
  });
  store.predictions.put({
    ...{ run: run.id, scan: second.id, mask: predicted.id, entropyFile: 'runs/1/entropy/2.nii.gz', meanEntropy: 0.1 },
    ...{ sliceEntropy: [0.1, 0.2, 0.1, 0], volumesMl: [0, 0.1], ownDice: [90, 80], seconds: 1 },
  });
  await project.review.decide(second.id, 'accept');
  for (const [n, value] of [1, 2, 1].entries())
    await project.drawing.edit(
      first.id,
      'manual',
      encodeBoxes([{ start: [n, 1, 1], size: [2, 2, 2], values: new Uint8Array(8).fill(value) }]),
    );
  // As after kill -9: the strokes stay in their journal.
  store.close();
}

/** What a window and the commands ask of a project that they open. */
async function workWith(project: Project): Promise<void> {
  const { store, review, compare } = project;
  await project.drawing.recover();
  project.status();
  review.cases();
  review.queue();
  compare.history();
  project.exportCounts({});
  store.labels.list();
  for (const { id } of store.runs.list()) {
    for (const name of store.metrics.names(id)) store.metrics.curve(id, name);
    store.checkpoints.latest(id);
    store.evaluations.list(id);
    store.runs.cases(id);
  }
  for (const { id } of store.scans.list()) {
    store.flags.list(id);
    store.masks.history(id);
    review.decisions(id);
    await project.drawing.read(id, 'manual');
    await review.case(id);
  }
  project.store.project.rename('renamed');
}

function checkpoint(seed: number): Uint8Array {
  const values = (length: number) => Float32Array.from({ length }, (_, n) => Math.sin(seed + n));
  const meta = {
    ...{
      format: 1,
      step: 3,
      options: resolveOptions({ steps: 2000 }),
      classes: ['background', 'organ'],
      patch: [16, 16, 8],
    },
    ...{ sampler: { labelled: [1, 2], unlabelled: [3] }, dropout: { s: 1 }, noise: { s: 2 }, skipped: {}, memory: {} },
  };
  return encodeSafetensors(
    {
      'student/w': { shape: [2, 3], values: values(6) },
      'student/b': { shape: [4], values: values(4) },
      'teacher/w': { shape: [2, 3], values: values(6) },
    },
    { decile: JSON.stringify(meta) },
  );
}

/** As an earlier version wrote it: no checksum of the header. */
const earlier = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.from(Buffer.from(bytes).toString('latin1').replace('crc32.header', 'crc32_header'), 'latin1'));

async function readCheckpoint(_: string, bytes: Uint8Array): Promise<void> {
  const decoded = decodeCheckpoint(bytes);
  networkOf(decoded, 'student');
}
