/** Clicks to a Dice from the image alone: nothing was trained, no other case is known. */
import { ClickSession } from '../../src/core/click/index.ts';
import { brushThrough } from './brushed.ts';
import { type Cohort, casesOf, readCase } from './cohort.ts';
import { type Figure, GOALS, meanSd } from './figures.ts';
import { clicksTo, clickThrough, type Session } from './simulated.ts';

export async function imageAlone(folder: string, cohort: Cohort, spacing: number | null): Promise<Session[]> {
  const sessions: Session[] = [];
  for (const name of casesOf(folder, cohort).report) {
    const { scan, mask } = await readCase(folder, name, spacing);
    const truth = Uint8Array.from(mask.data, (value) => (value === cohort.label ? 1 : 0));
    const session = new ClickSession(scan);
    sessions.push(clickThrough(truth, scan, new Uint8Array(truth.length), (seeds) => session.preview(seeds)));
  }
  return sessions;
}

/** Discs of a brush from nothing, on the same cases. */
export async function brushAlone(folder: string, cohort: Cohort, spacing: number | null): Promise<number[][]> {
  const runs: number[][] = [];
  for (const name of casesOf(folder, cohort).report) {
    const { scan, mask } = await readCase(folder, name, spacing);
    const truth = Uint8Array.from(mask.data, (value) => (value === cohort.label ? 1 : 0));
    runs.push(brushThrough(truth, scan, new Uint8Array(truth.length)));
  }
  return runs;
}

/** One figure a goal, and the time of the previews. */
export function clickFigures(cohort: string, evidence: string, sessions: readonly Session[]): Figure[] {
  const goals = GOALS.map((goal): Figure => {
    const counts = sessions.map((session) => clicksTo(goal, session));
    return {
      figure: 'clicks',
      cohort,
      evidence,
      dice: goal,
      ...meanSd(counts.map(({ clicks }) => clicks)),
      failures: counts.filter(({ failed }) => failed).length,
      cases: sessions.length,
    };
  });
  const after = [0, 1, 3, 8, 15, 20].map((clicks): Figure => {
    const dice = sessions.map((s) => s.dice[Math.min(clicks, s.dice.length - 1)]);
    return { figure: 'dice after clicks', cohort, evidence, clicks, ...meanSd(dice), cases: sessions.length };
  });
  const seconds = sessions.flatMap((s) => s.seconds).sort((a, b) => a - b);
  const p95 = seconds[Math.floor(0.95 * seconds.length)] ?? null;
  return [...goals, ...after, { figure: 'preview seconds', cohort, evidence, p95, previews: seconds.length }];
}
