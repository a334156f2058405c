/** The bundled sets of labels: each label with a coded term of its own, and colours that are told apart on grey. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABEL_HUES } from '../../src/core/hues.ts';
import { LABEL_SETS } from '../../src/core/label-sets.ts';
import { codesFor, termFor } from '../../src/core/terms.ts';

/** CIELAB under D65 of #rrggbb. */
function lab(hex: string): [number, number, number] {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const apart = (a: string, b: string) => Math.hypot(...lab(a).map((one, n) => one - lab(b)[n]));

test('sixteen colours are told apart from each other, from grey and from the uncertainty map', () => {
  assert.equal(new Set(LABEL_HUES).size, 16);
  LABEL_HUES.forEach((hue, n) => {
    const [, a, b] = lab(hue);
    assert.ok(Math.hypot(a, b) > 35, `${hue} is nearly grey`);
    // The bright end of cividis, in which uncertain tissue stands.
    assert.ok(apart(hue, '#ffe945') > 25, `${hue} looks like uncertainty`);
    for (const other of LABEL_HUES.slice(n + 1)) assert.ok(apart(hue, other) > 25, `${hue} and ${other}`);
  });
});

test('each label of each set has a coded term, and no two of a set the same term and side', () => {
  for (const [set, names] of Object.entries(LABEL_SETS)) {
    const codes = names.map((name) => {
      assert.ok(termFor(name), `${set}: ${name}`);
      const { type, modifier } = codesFor(name);
      return `${type.value} ${modifier?.value ?? ''}`;
    });
    assert.equal(new Set(codes).size, names.length, `${set}: ${codes}`);
  }
});

test('names of vertebrae and lobes are known as other programs write them', () => {
  const meanings = ['vertebrae_L5', 'L5', 'vertebra T12', 'lung_upper_lobe_left', 'lung_middle_lobe_right'].map(
    (name) => codesFor(name).type.meaning,
  );
  assert.deepEqual(meanings, [
    'L5 vertebra',
    'L5 vertebra',
    'T12 vertebra',
    'Upper lobe of lung',
    'Middle lobe of right lung',
  ]);
  assert.equal(codesFor('lung_upper_lobe_left').modifier?.meaning, 'Left');
  assert.equal(codesFor('middle lobe of right lung').modifier, undefined);
});
