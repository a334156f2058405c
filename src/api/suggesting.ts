/** Which scans to label first, for the window: thousands of scans are looked at once, as a job with progress that can be stopped. */
import type { Project } from '../app.ts';
import type { SuggestionReport } from '../project/services/review/suggest.ts';
import type { Session } from './session.ts';

/** So many are looked at before anybody would wait for it. */
const MANY = 200;

/** @returns what is asked of the open project; whoever asks while it is looked for gets the same answer */
export function suggesting(session: Session): () => Promise<SuggestionReport> {
  const going = new WeakMap<Project, Promise<SuggestionReport>>();
  const looked = new WeakSet<Project>();
  const look = async (project: Project): Promise<SuggestionReport> => {
    if (looked.has(project) || project.store.scans.list().length <= MANY) return project.suggest();
    return new Promise((done, fail) => {
      session.jobs.start('suggest', 'Looking for scans to label first', async (job) => {
        try {
          const report = await project.suggest({
            signal: job.signal,
            onProgress: (at, total, detail) => job.update({ done: at, total, detail }),
          });
          looked.add(project);
          done(report);
          return `${report.scans} scans looked at.`;
        } catch (error) {
          fail(error);
          throw error;
        }
      });
    });
  };
  return () => {
    const project = session.project();
    const known = going.get(project);
    if (known) return known;
    const answer = look(project).finally(() => going.delete(project));
    going.set(project, answer);
    return answer;
  };
}
