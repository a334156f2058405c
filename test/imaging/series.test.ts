import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonToLeaveOut, splitSeries } from '../../src/imaging/dicom/series.ts';
import { frameAt, stackAt } from './frames.ts';

const REASONS: [given: object, code: string | undefined][] = [
  [{}, undefined],
  [{ hasPixels: false }, 'scan/no-pixels'],
  [{ rows: 0 }, 'scan/no-pixels'],
  [{ columns: 0 }, 'scan/no-pixels'],
  [{ samples: 3 }, 'scan/colour'],
  [{ photometric: 'PALETTE COLOR' }, 'scan/colour'],
  [{ modality: 'SEG' }, 'scan/not-a-scan'],
  [{ modality: 'RTSTRUCT' }, 'scan/not-a-scan'],
  [{ modality: 'RTDOSE' }, 'scan/not-a-scan'],
  [{ imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }, 'scan/localiser'],
  [{ imageType: ['DERIVED', 'SCOUT'] }, 'scan/localiser'],
  [{ mosaic: 'siemens' }, 'scan/mosaic'],
  [{ mosaic: 'uih' }, 'scan/mosaic'],
  [{ mosaic: 'siemens', tile: { columns: 8, rows: 6, left: 0, top: 0 } }, undefined],
  [{ pixelSpacing: undefined, position: undefined }, 'scan/no-geometry'],
  [{ pixelSpacing: undefined, sopClass: '1.2.840.10008.5.1.4.1.1.7' }, 'scan/no-geometry'],
  [{ pixelSpacing: undefined }, 'scan/no-spacing'],
  [{ pixelSpacing: [1, 0] }, 'scan/no-spacing'],
  [{ pixelSpacing: [1001, 1] }, 'scan/no-spacing'],
  [{ pixelSpacing: [1000, 1] }, undefined],
  [{ position: undefined }, 'scan/no-geometry'],
  [{ orientation: undefined }, 'scan/no-geometry'],
  [{ orientation: [1, 0, 0, 0.02, 1, 0] }, 'scan/no-geometry'],
  [{ orientation: [1.02, 0, 0, 0, 1, 0] }, 'scan/no-geometry'],
  [{ orientation: [1, 0, 0, 0, 0.98, 0] }, 'scan/no-geometry'],
  [{ orientation: [1, 0, 0, 0.005, 1, 0] }, undefined],
  [{ sopClass: '1.2.840.10008.5.1.4.1.1.7.2' }, 'scan/secondary-capture'],
];

test('what is no slice of a scan is left out with its own reason', () => {
  for (const [given, code] of REASONS)
    assert.equal(reasonToLeaveOut(frameAt([0, 0, 0], given))?.code, code, JSON.stringify(given));
});

/** Each stack as its part and the places of its slices. */
const split = (frames: ReturnType<typeof stackAt>) => {
  const { stacks, duplicates, errors } = splitSeries(frames);
  return {
    stacks: stacks.map(({ part, frames }) => [part, frames.map((f) => f.position?.[2]).join(' ')]),
    duplicates: duplicates.length,
    errors: errors.map(({ error }) => error.code),
  };
};
const twice = (given: (volume: 0 | 1, k: number) => object) => [
  ...stackAt([0, 3, 6], (k) => ({ sopUid: `a${k}`, ...given(0, k) })),
  ...stackAt([0, 3, 6], (k) => ({ sopUid: `b${k}`, instanceNumber: k + 4, ...given(1, k) })),
];
const VOLUMES: [name: string, given: (volume: 0 | 1, k: number) => object, parts: string[]][] = [
  ['echoes', (v) => ({ echo: String(v) }), ['echo1', 'echo2']],
  ['b-values', (v) => ({ bValue: String(1000 * v) }), ['b0', 'b1000']],
  ['frames of reference', (v) => ({ frameOfReference: `1.${v}` }), ['frame1', 'frame2']],
  ['sizes', (v) => ({ rows: 3 + v }), ['size1', 'size2']],
  ['spacings', (v) => ({ pixelSpacing: [1, 1 + v / 100] }), ['spacing1', 'spacing2']],
  ['orientations', (v) => ({ orientation: v ? [0, 1, 0, -1, 0, 0] : [1, 0, 0, 0, 1, 0] }), ['orientation1', 'orientation2']], // biome-ignore format: a table
  ['times', (v) => ({ temporal: String(v) }), ['time1', 'time2']],
  ['acquisitions', (v) => ({ acquisition: String(v) }), ['acquisition1', 'acquisition2']],
  ['image types', (v) => ({ imageType: ['ORIGINAL', v ? 'M' : 'P'] }), ['type1', 'type2']],
  ['trigger times', (v) => ({ time: String(v) }), ['phase1', 'phase2']],
  ['nothing but their order', () => ({}), ['volume1', 'volume2']],
];

test('volumes at the same places are told apart by what differs', () => {
  for (const [name, given, parts] of VOLUMES) {
    const { stacks, duplicates, errors } = split(twice(given));
    assert.deepEqual(
      stacks,
      parts.map((part) => [part, '0 3 6']),
      name,
    );
    assert.deepEqual([duplicates, errors], [0, []], name);
  }
});

test('rounding of orientation and places does not split a volume', () => {
  const tiny = stackAt([0, 3, 6], (k) => ({ orientation: [1, 0, 0.0009 + k / 10_000, 0, 1, 0] }));
  assert.deepEqual(split(tiny).stacks, [['', '0 3 6']]);
  const own = stackAt([0, 3, 6], (k) => ({ frameOfReference: `1.${k}` }));
  assert.deepEqual(split(own).stacks, [['', '0 3 6']], 'a frame of reference of its own for each slice');
});

test('a copy is the same instance at the same place; places that repeat unevenly are refused', () => {
  const frames = stackAt([0, 3, 6]);
  const { stacks, duplicates } = split([...frames, frames[1]]);
  assert.deepEqual([stacks, duplicates], [[['', '0 3 6']], 1]); // biome-ignore format: a pair
  const extra = frameAt([-10, -20, 3], { sopUid: '9', instanceNumber: 9 });
  assert.deepEqual(split([...frames, extra]).errors, ['scan/overlapping-slices']);
  const near = frameAt([-10, -20, 3.009], { sopUid: '9', instanceNumber: 9 });
  assert.deepEqual(split([...frames, near]).errors, ['scan/overlapping-slices'], 'closer than 0.01 mm is one place');
  const apart = frameAt([-10, -20, 3.011], { sopUid: '9', instanceNumber: 9 });
  assert.deepEqual(split([...frames, apart]).errors, []);
});

test('a broken-off last volume is a volume of its own', () => {
  const whole = twice((v) => ({ temporal: String(v) }));
  assert.deepEqual(split(whole.slice(0, 5)).stacks, [['time1', '0 3 6'], ['time2', '0 3']]); // biome-ignore format: a list
});

test('trigger times that differ from slice to slice, and parts of one slice, do not tell volumes apart', () => {
  assert.deepEqual(
    split(twice((_, k) => ({ time: String(k) }))).stacks.map(([part]) => part),
    ['volume1', 'volume2'],
  );
  const own = twice((v, k) => ({ acquisition: `${v}${k}` }));
  assert.deepEqual(
    split(own).stacks.map(([part]) => part),
    ['volume1', 'volume2'],
  );
  const broken = twice((v) => ({ time: String(v) })).slice(0, 5);
  assert.deepEqual(split(broken).errors, ['scan/overlapping-slices'], 'a time alone makes no volume of unequal parts');
});

test('repeats without any mark belong to volumes by their instance numbers', () => {
  const frames = twice(() => ({})).map((frame, n) => ({ ...frame, instanceNumber: [6, 2, 4, 1, 5, 3][n] }));
  const places = splitSeries(frames).stacks.map(({ frames: own }) => own.map((f) => f.instanceNumber));
  assert.deepEqual(places, [[1, 2, 3], [6, 5, 4]]); // biome-ignore format: a pair
});

test('orientations within 0.2 degrees are one, beyond they are two', () => {
  const turned = (by: number) => stackAt([0, 3, 6], (k) => ({ orientation: [1, 0, 0, 0, 1, k === 2 ? by : 0] }));
  assert.equal(split(turned(0.0034)).stacks.length, 1);
  assert.equal(split(turned(0.0036)).stacks.length, 2);
});

test('frames of reference of their own are forgiven from three slices on', () => {
  const own = (z: number[]) => split(stackAt(z, (k) => ({ frameOfReference: `1.${k}` }))).stacks.length;
  assert.deepEqual([own([0, 3]), own([0, 3, 6])], [2, 1]);
});

test('phases between one another are two volumes where each is even and both overlap', () => {
  const phases = (from: number) => [
    ...stackAt([0, 3, 6], () => ({ acquisition: '1' })),
    ...stackAt([from, from + 3, from + 6], () => ({ acquisition: '2' })),
  ];
  assert.deepEqual(split(phases(1.2)).stacks, [['acquisition1', '0 3 6'], ['acquisition2', '1.2 4.2 7.2']]); // biome-ignore format: a list
  assert.equal(split(phases(1.5)).stacks.length, 1, 'together they are even');
  assert.equal(split(phases(10)).stacks.length, 1, 'one above the other');
});

test('three frames of reference are three volumes; so are slices of which each has a size of its own', () => {
  const frames = [0, 1, 2].flatMap((n) => stackAt([n, n + 3], () => ({ frameOfReference: `1.${n}` })));
  assert.deepEqual(
    split(frames).stacks.map(([part]) => part),
    ['frame1', 'frame2', 'frame3'],
  );
  const sizes = stackAt([0, 3, 6], (k) => ({ rows: 3 + k }));
  assert.equal(split(sizes).stacks.length, 3);
});

test('echo times and b-values computed for each slice are one value, chosen ones are several', () => {
  const parts = (given: (k: number) => object, z = [0, 3, 6]) => split(stackAt(z, given)).stacks.map(([part]) => part);
  assert.deepEqual(
    parts((k) => ({ echo: ['1/10', '1/10.1', '1/10.19'][k] })),
    [''],
  );
  assert.equal(parts((k) => ({ echo: ['1/10', '1/10.1', '1/10.5'][k] })).length, 2);
  assert.deepEqual(
    parts((k) => ({ bValue: ['0', '9.5', '10'][k] })),
    [''],
  );
  assert.deepEqual(
    parts((k) => ({ bValue: ['0', '0', '11'][k] })),
    ['b0', 'b11'],
  );
  const repeated = (k: number) => ({ bValue: k < 3 ? '1000' : '1005', sopUid: `${k}`, instanceNumber: k });
  assert.deepEqual(parts(repeated, [0, 3, 6, 0, 3, 6]), ['b1000', 'b1005'], 'places that repeat tell them apart');
  assert.deepEqual(
    parts((k) => ({ bValue: ['', '', '50'][k] })),
    ['b0', 'b50'],
    'a b-value that is not stated',
  );
});

test('a part of a part carries both names, the outer first', () => {
  const frames = [0, 1].flatMap((echo) =>
    [0, 1].flatMap((time) =>
      stackAt([0, 3, 6], (k) => ({ echo: `${echo + 1}`, temporal: `${time}`, sopUid: `${echo}.${time}.${k}` })),
    ),
  );
  assert.deepEqual(
    split(frames).stacks.map(([part]) => part),
    ['echo1_time1', 'echo1_time2', 'echo2_time1', 'echo2_time2'],
  );
});

test('parts between one another of which one is uneven stay one volume', () => {
  const frames = [
    ...stackAt([0, 3, 6], () => ({ acquisition: '1' })),
    ...stackAt([1.2, 4.2, 8.2], () => ({ acquisition: '2' })),
  ];
  assert.equal(split(frames).stacks.length, 1);
});

test('two slices at one place are two volumes by what differs in them', () => {
  const two = stackAt([0, 0], (k) => ({ temporal: String(k), sopUid: `${k}` }));
  assert.deepEqual(
    split(two).stacks.map(([part]) => part),
    ['time1', 'time2'],
  );
});
