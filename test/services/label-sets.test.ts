/** The bundled sets of labels: each label with a coded term of its own, and colours that are told apart on grey. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABEL_HUES } from '../../src/core/hues.ts';
import { LABEL_SETS } from '../../src/core/label-sets.ts';
import { codesFor, termFor } from '../../src/core/terms.ts';
import { HEAT, parseColour, type Rgb } from '../../src/renderer/viewer/palette.ts';

/** CIELAB under D65 of red, green and blue in 0..255. */
function lab(colour: Rgb): [number, number, number] {
  const [r, g, b] = colour.map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const apart = (a: Rgb, b: Rgb) => Math.hypot(...lab(a).map((one, n) => one - lab(b)[n]));
/** A colour over a grey of the scan, as the picture mixes them. */
const over = (colour: Rgb, grey: number, share: number) =>
  colour.map((c) => c * share + grey * (1 - share)) as unknown as Rgb;
/** Greys of a CT from lung to bone. */
const GREYS = [20, 60, 100, 140, 180, 220, 250];
/** Share of the mask in the picture, as cases open. */
const FILL = 0.35;

test('sixteen colours are told apart from each other, from grey and from the uncertainty map', () => {
  assert.equal(new Set(LABEL_HUES).size, 16);
  LABEL_HUES.forEach((hue, n) => {
    const [, a, b] = lab(parseColour(hue));
    assert.ok(Math.hypot(a, b) > 35, `${hue} is nearly grey`);
    // The bright end of cividis, in which uncertain tissue stands.
    assert.ok(apart(parseColour(hue), parseColour('#ffe945')) > 25, `${hue} looks like uncertainty`);
    for (const other of LABEL_HUES.slice(n + 1))
      assert.ok(apart(parseColour(hue), parseColour(other)) > 25, `${hue} and ${other}`);
  });
});

test('sixteen labels are told apart as they are drawn: over each grey of a CT, from bare tissue and from the uncertainty', () => {
  const colours = LABEL_HUES.map(parseColour);
  for (const grey of GREYS)
    colours.forEach((colour, n) => {
      const shown = over(colour, grey, FILL);
      assert.ok(apart(shown, [grey, grey, grey]) > 12, `${LABEL_HUES[n]} on grey ${grey}`);
      for (const [m, other] of colours.entries())
        if (m > n)
          assert.ok(apart(shown, over(other, grey, FILL)) > 8, `${LABEL_HUES[n]}, ${LABEL_HUES[m]} on ${grey}`);
    });
  // An outline of a label lies on the map of uncertainty: against all of it that hides half of the scan or more.
  for (const packed of HEAT) {
    const share = (packed >>> 24) / 255;
    if (share < 0.5) continue;
    const heat: Rgb = [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
    for (const grey of GREYS)
      colours.forEach((colour, n) => {
        assert.ok(apart(over(heat, grey, share), colour) > 25, `${LABEL_HUES[n]} on uncertainty ${heat} over ${grey}`);
      });
  }
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
