import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { createProject, type Mask, type NewMask, type NewScan, type Store } from '../../src/project/store/index.ts';

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'decile-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A project with the label kidney, closed when the test ends. */
export function newProject(t: TestContext, labels = ['kidney']): Store {
  const store = createProject(join(temporaryFolder(t), 'project'), {
    preset: 'ct-kidney',
    labels: labels.map((name) => ({ name })),
  });
  t.after(() => store.close());
  return store;
}

/** A version whose file is empty. */
export function keepMask(store: Store, mask: NewMask): Mask {
  const file = store.path('masks/unfinished.nii.gz');
  writeFileSync(file, '');
  return store.masks.keep(file, mask);
}

export const scanNamed = (name: string): NewScan => ({
  name,
  modality: 'CT',
  size: [4, 5, 6],
  spacing: spacingMm(0.7, 0.7, 5),
  origin: lpsPoint(-10, 20, 30.5),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  sourcePath: `/scans/${name}.nii.gz`,
  contentHash: `hash of ${name}`,
});

export const addScan = (store: Store, name: string) => store.scans.add(store.scans.nextId(), scanNamed(name));

export const addRun = (store: Store, name?: string) =>
  store.runs.create({
    name,
    options: resolveOptions({ steps: 2000, spacing: 'native' }),
    classes: store.labels.classes(),
    cases: [],
  });
