/** A trainer's process that the system does not start ends its job with a reason, and takes the program with it no more than one that dies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecileError } from '../../src/shared/errors.ts';
import { startTrainer } from '../../src/trainer/host/index.ts';

test('a process that cannot be started is an error of the job', async (t) => {
  const own = process.execPath;
  process.execPath = '/nowhere/node';
  t.after(() => {
    process.execPath = own;
  });
  const trainer = startTrainer({ kind: 'adapter' }, () => {});
  process.execPath = own;
  trainer.pause();
  const last = await trainer.done;
  assert.ok(last.type === 'error');
  assert.equal(last.code, 'trainer/died');
  assert.match(last.message, /ENOENT/);
  trainer.cancel();
});

test('what a host refuses is the error of the job, with its own cure', async () => {
  const told: string[] = [];
  const refused = new DecileError('option/invalid', 'DECILE_THREADS must be a number, got four.', 'Correct it.');
  const trainer = startTrainer(
    { kind: 'adapter' },
    ({ type }) => told.push(type),
    () => {
      throw refused;
    },
  );
  trainer.cancel();
  assert.deepEqual(await trainer.done, {
    type: 'error',
    code: refused.code,
    message: refused.message,
    cure: refused.cure,
  });
  assert.deepEqual(told, ['error']);
});
