/** Aims of the click tool and of learning, in the order of the figures. */
import { COHORTS } from './cohort.ts';
import { coverageP } from './expected.ts';
import { type Aim, above, atLeast, atMost, type Figure, rounded } from './figures.ts';
import { EVERY } from './slices.ts';

/** A number of the first figure that has all these values; null where this run has none. */
function valueIn(figures: readonly Figure[], key: string, wanted: Figure): number | null {
  const found = figures.find((figure) => Object.entries(wanted).every(([name, value]) => figure[name] === value));
  const value = found?.[key];
  return typeof value === 'number' ? value : null;
}

export function aimsOf(figures: readonly Figure[]): Aim[] {
  const cohort = 'left-atrium';
  const clicks = (evidence: string, dice: number) =>
    valueIn(figures, 'mean', { figure: 'clicks', cohort, evidence, dice });
  const spread = (equal: string) => valueIn(figures, 'ahead', { figure: 'spread slices', cohort, equal });
  return [
    atMost('left atrium, image alone: clicks to 80 Dice', clicks('image', 80), 8),
    atMost('left atrium, image alone: clicks to 90 Dice', clicks('image', 90), 15),
    atMost('left atrium, with a model: clicks to 90 Dice', clicks('model', 90), 3),
    atMost(
      'preview at 256^3: 95th percentile, seconds',
      valueIn(figures, 'p95', { figure: 'preview seconds at 256^3' }),
      0.3,
    ),
    ...EVERY.map((every) =>
      atMost(
        `every ${every}th slice drawn: p that image-aware is no better than shape-based`,
        valueIn(figures, 'pAhead', { figure: 'slices', cohort, every }),
        0.05,
      ),
    ),
    above('spread slices against whole scans, equal numbers of slices: Dice ahead', spread('slices'), 0),
    above('spread slices against whole scans, equal length of contour: Dice ahead', spread('contour'), 0),
    ...COHORTS.flatMap(({ name }) => expectedAims(name, figures)),
    ...['left-atrium', 'hippocampus'].flatMap((name) =>
      (['voxels', 'opened'] as const).map((what) =>
        atMost(
          `${name}, continuous learning: ${what === 'voxels' ? 'voxels changed' : 'cases opened'}, share of one round`,
          valueIn(figures, `${what}Share`, { figure: 'corrections', cohort: name, way: 'continuous' }),
          0.6,
        ),
      ),
    ),
  ];
}

function expectedAims(cohort: string, figures: readonly Figure[]): Aim[] {
  const value = (key: string) => valueIn(figures, key, { figure: 'expected dice', cohort });
  const own = value('spearman');
  const others = [value('spearmanEntropy'), value('spearmanVolume')];
  const ahead = own === null || others.includes(null) ? null : rounded(own - Math.max(...others.map((v) => v ?? 0)));
  return [
    atLeast(`${cohort}, expected against true Dice: Spearman correlation`, own, 0.7),
    atLeast(`${cohort}, expected against true Dice: correlation ahead of entropy and of volume`, ahead, 0),
    atLeast(
      `${cohort}, coverage of the 90 % interval: p against 90 %`,
      coverageP(value('covered') ?? 0, value('intervals') ?? 0),
      0.05,
    ),
  ];
}
