/** What follows when the program was gone and is there again: a project that the window shows is opened anew where none is. */
import type { Client, JobInfo, ProjectOverview } from '../../shared/contract/index.ts';

/**
 * Strokes that the window holds are saved by themselves then; where another project was opened meanwhile, their saving is refused and
 * says so.
 * @returns the jobs that the program has now
 */
export async function findAgain(program: Client, shown: ProjectOverview | null): Promise<JobInfo[]> {
  if (shown && (await program.call('projects.current')) === null) {
    const own = (await program.call('projects.recent')).find(({ path }) => path === shown.path);
    if (own) await program.call('projects.open', { folder: own.folder });
  }
  return program.call('jobs.list');
}
