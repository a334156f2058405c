/** Every n-th slice drawn: what shape-based interpolation and the one along the image make of the rest. */
import { followImage } from '../../src/core/between/follow-image.ts';
import { Recorder } from '../../src/core/edit/edit.ts';
import { interpolateSlices, labelledSlices } from '../../src/core/edit/interpolate.ts';
import { pairedTTest } from '../../src/core/metrics/index.ts';
import type { LabelMap } from '../../src/core/volume.ts';
import { type Cohort, casesOf, readCase } from './cohort.ts';
import { type Figure, meanSd, rounded } from './figures.ts';
import { diceOf } from './simulated.ts';

export const EVERY = [4, 8, 16] as const;

/** The first slice of the label, every n-th one from there on, and the last: as a reader draws. */
export async function sliceFigures(folder: string, cohort: Cohort, spacing: number | null): Promise<Figure[]> {
  const found = EVERY.map(() => ({ shape: [] as number[], image: [] as number[] }));
  for (const name of casesOf(folder, cohort).report) {
    const { scan, mask } = await readCase(folder, name, spacing);
    const truth = Uint8Array.from(mask.data, (value) => (value === cohort.label ? 1 : 0));
    const slices = labelledSlices({ ...mask, data: truth }, 1, 2);
    for (const [n, every] of EVERY.entries()) {
      const drawn = onlySlices({ ...mask, data: truth }, (k) => {
        const at = slices.indexOf(k);
        return at >= 0 && (at % every === 0 || at === slices.length - 1);
      });
      const shape = new Recorder({ ...drawn, data: drawn.data.slice() });
      interpolateSlices(shape, 1, 2);
      found[n].shape.push(diceOf(shape.mask.data, truth));
      const image = followImage(scan, drawn, 1, 2);
      found[n].image.push(diceOf(image ? drawn.data.map((v, at) => v | image.inside[at]) : drawn.data, truth));
    }
  }
  return EVERY.map((every, n): Figure => {
    const { shape, image } = found[n];
    const [s, i] = [meanSd(shape), meanSd(image)];
    const test = pairedTTest(image, shape);
    const ahead = i.mean !== null && s.mean !== null && i.mean > s.mean;
    return {
      ...{ figure: 'slices', cohort: cohort.name, every, cases: shape.length },
      ...{ shape: s.mean, shapeSd: s.sd, image: i.mean, imageSd: i.sd },
      p: test ? rounded(test.p) : null,
      // Behind is behind, however surely.
      pAhead: test ? (ahead ? rounded(test.p) : 1) : null,
    };
  });
}

function onlySlices(mask: LabelMap, keep: (k: number) => boolean): LabelMap {
  const area = mask.size[0] * mask.size[1];
  return { ...mask, data: mask.data.map((value, v) => (keep(Math.floor(v / area)) ? value : 0)) };
}
