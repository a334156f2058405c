/** Structure sets lose what names somebody, and keep every contour. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';
import { readRtStruct } from '../../src/imaging/dicom/rtstruct.ts';
import { deidentify, findIdentifiers } from '../../src/imaging/index.ts';
import { scratch } from './helpers.ts';

const folder = scratch();
const fresh = (name: string): string => {
  mkdirSync(join(folder, name));
  return join(folder, name);
};
const CLASS = '1.2.840.10008.5.1.4.1.1.481.3';
/** A corner at the patient's number must stay. */
const CORNERS = ['-12.5', '8842197', '3', '4.25', '1', '3', '4.25', '9.75', '3'];
const PLANTED = 'Zwickelmann Adelgunde 8842197 Quellenthal Oberhuber 20240229 note7731'.split(' ');

function structureSet(name: string): { bytes: Uint8Array; frame: string } {
  const [sop, frame] = [newUid(), newUid()];
  const set = [
    el('00080016', 'UI', CLASS),
    el('00080018', 'UI', sop),
    el('00080060', 'CS', 'RTSTRUCT'),
    el('00080080', 'LO', 'Quellenthal'),
    el('00081070', 'PN', 'Oberhuber^K'),
    el('00100010', 'PN', 'Zwickelmann^Adelgunde'),
    el('00100020', 'LO', '8842197'),
    el('30060002', 'SH', 'Zwickelmann'),
    el('30060004', 'LO', 'note7731'),
    el('30060006', 'ST', 'note7731'),
    el('30060008', 'DA', '20240229'),
    el('30060010', 'SQ', [[el('00200052', 'UI', frame)]]),
    el('30060020', 'SQ', [
      [
        el('30060022', 'IS', '1'),
        el('30060024', 'UI', frame),
        el('30060026', 'LO', name),
        el('30060028', 'ST', 'note7731 Oberhuber'),
        el('30060036', 'CS', 'MANUAL'),
        el('30060038', 'LO', 'note7731'),
      ],
    ]),
    el('30060039', 'SQ', [
      [
        el('30060084', 'IS', '1'),
        el('30060040', 'SQ', [
          [el('30060042', 'CS', 'CLOSED_PLANAR'), el('30060046', 'IS', '3'), el('30060050', 'DS', CORNERS)],
        ]),
      ],
    ]),
    el('30060080', 'SQ', [
      [
        el('30060082', 'IS', '1'),
        el('30060084', 'IS', '1'),
        el('30060085', 'SH', 'note7731'),
        el('30060088', 'ST', 'note7731'),
        el('300600a4', 'CS', 'OBERHUBER'),
        el('300600a6', 'PN', 'Oberhuber^K'),
      ],
    ]),
    el('300e0002', 'CS', 'APPROVED'),
    el('300e0004', 'DA', '20240229'),
    el('300e0008', 'PN', 'Oberhuber^K'),
  ];
  return { bytes: encodeFile(set, CLASS, sop), frame };
}

test('a structure set keeps names of structures and every corner, and loses people, notes, dates and UIDs', async () => {
  const { bytes, frame } = structureSet('kidney');
  const clean = deidentify('rt.dcm', bytes, { secret: 's', dates: 'remove' });
  const path = join(fresh('clean'), 'rt.dcm');
  writeFileSync(path, clean);
  const [structure] = await readRtStruct(path);
  assert.deepEqual([structure.name, structure.contours[0].points.flat()], ['kidney', CORNERS.map(Number)]);
  const said = Buffer.from(clean).toString('latin1').replace(CORNERS.join('\\'), '').toLowerCase();
  for (const word of [...PLANTED, frame]) assert.ok(!said.includes(word.toLowerCase()), word);
});

test('a structure that is called like the patient is found', async () => {
  const clean = deidentify('rt.dcm', structureSet('GTV Zwickelmann').bytes, { secret: 's', dates: 'remove' });
  const place = fresh('named');
  writeFileSync(join(place, 'rt.dcm'), clean);
  const found = await findIdentifiers(place, ['Zwickelmann']);
  assert.equal(found.length, 1);
  assert.match(found[0].what, /identifier Zw/);
  assert.deepEqual(await findIdentifiers(place, ['Quellenthal', 'Oberhuber']), []);
});
