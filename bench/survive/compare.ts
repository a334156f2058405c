/** Opens the project as the program does and looks for everything that was acknowledged. */
import { existsSync } from 'node:fs';
import { openExistingProject, type Project } from '../../src/app.ts';
import type { Known } from './known.ts';

export interface Found {
  lost: number;
  shut: number;
  /** What was lost, in words. */
  what: string[];
}

/** @param excused files that the bench itself damaged, relative to the project */
export async function compare(folder: string, known: Known, excused: ReadonlySet<string>): Promise<Found> {
  const what: string[] = [];
  try {
    const project = openExistingProject(folder);
    try {
      await project.drawing.recover();
      rows(project, known, excused, what);
      await voxels(project, known, what);
    } finally {
      await project.close();
    }
    return { lost: what.length, shut: 0, what };
  } catch (error) {
    return { lost: what.length, shut: 1, what: [...what, String(error)] };
  }
}

function rows({ store }: Project, known: Known, excused: ReadonlySet<string>, what: string[]): void {
  const scans = new Map(store.scans.list().map((scan) => [scan.name, scan]));
  for (const name of known.scans) {
    const scan = scans.get(name);
    if (!scan) what.push(`the scan ${name}`);
    else if (!existsSync(store.path(scan.volumeFile))) what.push(`the volume of ${name}`);
  }
  const finished = new Set(store.runs.list().flatMap(({ name, state }) => (state === 'finished' ? [name] : [])));
  for (const name of known.runs) if (!finished.has(name)) what.push(`the run ${name}`);
  for (const [scan, versions] of known.versions) {
    const history = new Map(store.masks.history(scan).map((mask) => [mask.version, mask.file]));
    for (const version of versions) if (!history.has(version)) what.push(`version ${version} of scan ${scan}`);
    for (const file of history.values())
      if (!excused.has(file) && !existsSync(store.path(file))) what.push(`the file ${file}`);
  }
}

async function voxels({ store, drawing }: Project, known: Known, what: string[]): Promise<void> {
  for (const [scan, of] of known.voxels) {
    store.scans.get(scan);
    const data = (await drawing.read(scan, 'manual'))?.data;
    for (const [voxel, may] of of) {
      const is = data?.[voxel] ?? 0;
      if (!may.has(is)) what.push(`voxel ${voxel} of scan ${scan}: ${[...may].join(' or ')}, got ${is}`);
      of.set(voxel, new Set([is]));
    }
  }
}
