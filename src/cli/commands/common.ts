/** What several commands share. */
import type { Project } from '../../app.ts';
import { shown } from '../../core/plain-text.ts';
import { DecileError } from '../../shared/errors.ts';
import type { LeftOut } from '../../shared/left-out.ts';
import { predictionProgress } from '../../shared/prediction-progress.ts';
import type { TrainerEvent } from '../../shared/training.ts';
import { EXIT, Exit, notice, type Output, type Progress } from '../output.ts';
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

/** Ends with the exit code of work that went on without some scans, each of which is said; does nothing where it had all. */
export function sayLeftOut(output: Output, left: readonly LeftOut[]): void {
  if (left.length === 0) return;
  notice(output, `${left.length} scans were left out:`);
  for (const { name, code, message, cure } of left) notice(output, `  ${name}\n    ${code}: ${message} ${cure}`);
  throw new Exit(EXIT.partly);
}

/** How far a prediction is; nothing for other events. */
export function showPrediction(progress: Progress, event: TrainerEvent): void {
  const made = predictionProgress(event);
  if (!made) return;
  const time = event.type === 'predicted' ? `, ${event.seconds.toFixed(1)} s` : '';
  progress.update(made.done, made.total, made.detail + time);
}
