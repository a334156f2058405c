/** The small cohort of helpers.ts as a project keeps it: prepared files, which threads read too. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ModelChannel } from '../../src/core/model-channels.ts';
import type { PatchSource } from '../../src/core/train/patches.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import type { TrainerFiles } from '../../src/trainer/worker/dependencies.ts';
import { type PreparedCase, prepareCase } from '../../src/trainer/worker/prepared-case.ts';
import { labelled, unlabelled } from './helpers.ts';

const none = { kind: 'none' } as const;
const ONE: ModelChannel[] = [{ name: 'image', normalisation: none }];
const TWO: ModelChannel[] = ['a', 'b'].map((name) => ({ name, normalisation: none }));

/** @param several whether labelled scans have two channels, and unlabelled ones lack the second */
export async function storedCohort(
  t: TestContext,
  several = false,
): Promise<{ labelled: PreparedCase[]; unlabelled: PreparedCase[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'decile-stored-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const all = [...labelled, ...unlabelled];
  const sourceOf = (path: string): PatchSource => all[Number(path.split('-').at(-1))];
  const gridOf = ({ size }: PatchSource): Grid => ({
    size: [...size],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
  const files = {
    readVolume: async (path: string) => {
      const source = sourceOf(path);
      const data = source.readImage([0, 0, 0], source.size);
      return { volume: { ...gridOf(source), data: path.includes('second') ? data.map((v) => 1 - v) : data } };
    },
    readMask: async (path: string) => {
      const source = sourceOf(path);
      return { ...gridOf(source), data: source.readMask?.([0, 0, 0], source.size) };
    },
  } as unknown as TrainerFiles;
  const stored = async (source: PatchSource): Promise<PreparedCase> => {
    const n = all.indexOf(source);
    const [volumePath, second, maskPath] = ['scan', 'second', 'mask'].map((name) => join(folder, `${name}-${n}`));
    for (const path of [volumePath, second, maskPath]) writeFileSync(path, `samples of ${path}`);
    const item = {
      ...{ scan: n, name: source.name, volumePath },
      ...(source.readMask && { maskPath }),
      ...(several && {
        channels: [{ name: 'a', path: volumePath }, ...(source.readMask ? [{ name: 'b', path: second }] : [])],
      }),
    };
    return prepareCase(item, join(folder, 'cache'), { spacing: 'native' }, several ? TWO : ONE, 2, files);
  };
  const each = async (sources: readonly PatchSource[]) => {
    const cases: PreparedCase[] = [];
    for (const source of sources) cases.push(await stored(source));
    return cases;
  };
  return { labelled: await each(labelled), unlabelled: await each(unlabelled) };
}
