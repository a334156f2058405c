import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { ERRORS } from '../../src/core/error-table/index.ts';
import { DISK_FAILURES, doingError, fileError } from '../../src/disk/index.ts';
import { DecileError } from '../../src/shared/errors.ts';

const said = (code: string) => Object.assign(new Error(`${code}: something, write`), { code, path: '/data/x.nii' });

/** Error number: code for a file, code for what the program was doing. */
const CODES: Record<string, [string, string]> = {
  ENOSPC: ['file/disk-full', 'disk/full'],
  EDQUOT: ['file/disk-full', 'disk/full'],
  EACCES: ['file/no-permission', 'disk/read-only'],
  EPERM: ['file/no-permission', 'disk/read-only'],
  EROFS: ['file/read-only', 'disk/read-only'],
  ENOENT: ['file/missing', 'file/missing'],
  ENOTDIR: ['file/missing', 'file/missing'],
  EISDIR: ['file/is-folder', 'file/is-folder'],
  ELOOP: ['file/link-loop', 'file/link-loop'],
  ENAMETOOLONG: ['file/name-too-long', 'file/name-too-long'],
  EIO: ['file/unreadable', 'disk/failed'],
  EMFILE: ['file/unreadable', 'disk/failed'],
  EBUSY: ['file/unreadable', 'disk/failed'],
  ESTALE: ['file/unreadable', 'disk/failed'],
};

for (const [number, [file, doing]] of Object.entries(CODES))
  test(`${number} of a file is ${file}, of an action ${doing}`, () => {
    const ofFile = fileError('/data/x.nii', said(number));
    assert.equal(ofFile.code, file);
    assert.match(ofFile.message, /^\/data\/x\.nii must .+, got .+\.$/);
    const ofAction = doingError('Saving a stroke', said(number));
    assert.ok(ofAction instanceof DecileError);
    assert.equal(ofAction.code, doing);
    assert.match(ofAction.message, /^Saving a stroke must .+, got .+ \(\/data\/x\.nii\)\.$/);
    assert.ok(ofFile.cure.length > 10 && ofAction.cure === ofFile.cure);
    assert.ok(file in ERRORS && doing in ERRORS);
  });

test('every row is of a number that the system has, and says what is got in words of its own', () => {
  for (const [number, { got, must }] of Object.entries(DISK_FAILURES)) {
    if (process.platform === 'linux') assert.ok(number in constants.errno || number === 'EHOSTDOWN', number);
    assert.doesNotMatch(`${must} ${got}`, /E[A-Z]{3,}/);
  }
});

test('an unknown failure of a file is unreadable, with its text; one of an action stays what it is', () => {
  const strange = new TypeError('x is no function');
  assert.equal(fileError('x', strange).code, 'file/unreadable');
  assert.match(fileError('x', strange).message, /x is no function/);
  assert.equal(doingError('Saving', strange), strange);
});

test('an error that has a code keeps it, but a full disk is said with one code in a project', () => {
  const known = new DecileError('scan/truncated', 'It must be whole, got half.');
  assert.equal(fileError('x', known), known);
  assert.equal(doingError('Importing', known), known);
  const full = doingError('Importing case 3', fileError('/p/volumes/3.nii', said('ENOSPC')));
  assert.ok(full instanceof DecileError);
  assert.equal(full.code, 'disk/full');
});
