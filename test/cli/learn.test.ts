import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../services/helpers.ts';
import { cohort, SMALL } from './cohort.ts';
import { decile } from './run.ts';

test('a simulated reader accepts, the project learns on and predicts again what is left', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const done = async <T>(...args: string[]): Promise<T> => {
    const ran = await decile([...args, '--json'], { cwd });
    assert.equal(ran.status, 0, ran.stderr);
    return ran.json() as T;
  };
  await done('new', 'p', '--label', 'organ', '--preset', 'mr');
  await done('import', 'p', 'scans', '--labels', 'masks', '--only', 'a1');
  await done('import', 'p', 'scans');
  const untrained = (await decile(['learn', 'p', '--json'], { cwd })).json() as {
    error: { code: string; cure: string };
  };
  assert.equal(untrained.error.code, 'run/none-finished');
  assert.match(untrained.error.cure, /with --from/);
  await done('train', 'p', '--steps', '4', '--name', 'first', ...SMALL);
  await done('predict', 'p');
  const { queue } = await done<{ queue: { name: string }[] }>('review', 'list', 'p');
  assert.equal(queue.length, 3);
  // Corrected from outside, as a simulation does.
  await done('import', 'p', 'scans', '--labels', 'masks', '--only', queue[0].name);
  const round = await done<{ learned: string[]; refreshed: string[]; from: { name: string }; stopped: boolean }>(
    ...['learn', 'p', '--steps', '2', '--patch', '16,16,16'],
  );
  assert.deepEqual([round.learned, round.from.name, round.stopped], [[queue[0].name], 'first', false]);
  assert.deepEqual(round.refreshed.toSorted(), [queue[1].name, queue[2].name].toSorted());
  const refused = await decile(['learn', 'p', '--json'], { cwd });
  assert.equal((refused.json() as { error: { code: string } }).error.code, 'round/nothing-new');
});
