/** What several commands share. */
import type { Project } from '../../app.ts';
import { shown } from '../../core/plain-text.ts';
import { DecileError } from '../../shared/errors.ts';
import { userPath } from '../place.ts';

/** Opens the project of DIR, runs the command, closes it whatever happens. */
export async function withProject<T>(
  folder: string,
  mode: 'write' | 'read',
  work: (project: Project) => Promise<T>,
): Promise<T> {
  // Loaded here so that --help and usage errors answer at once.
  const { openExistingProject } = await import('../../app.ts');
  const project = openExistingProject(userPath(folder), mode);
  try {
    for (const run of project.store.interrupted)
      process.stderr.write(
        shown(`Run ${run} was interrupted by a killed process; \`decile resume ${folder} ${run}\` goes on with it.\n`),
      );
    return await work(project);
  } finally {
    await project.close();
  }
}

/** As a writer where that is possible, else as a reader: for commands whose writing is a convenience. */
export async function withProjectPreferWrite<T>(folder: string, work: (project: Project) => Promise<T>): Promise<T> {
  const { openExistingProject } = await import('../../app.ts');
  let project: Project;
  try {
    project = openExistingProject(userPath(folder), 'write');
  } catch (error) {
    if (!(error instanceof DecileError) || !['project/in-use', 'disk/read-only'].includes(error.code)) throw error;
    project = openExistingProject(userPath(folder), 'read');
  }
  try {
    return await work(project);
  } finally {
    await project.close();
  }
}
