/** Pictures of the cases that a run left worst: what failures look like. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Seed } from '../../src/core/click/index.ts';
import { boxAround, cropTo } from '../../src/core/train/region.ts';
import type { Grid, LabelMap, Volume } from '../../src/core/volume.ts';
import { encodePng } from '../../src/imaging/png.ts';
import { montage } from '../../src/project/report/montage.ts';
import { axialPicture, type Colour, largestSlice, percentileWindow } from '../../src/project/report/slice-picture.ts';
import type { Cohort, ReadCase } from './cohort.ts';
import type { Session } from './simulated.ts';

/** Cases of each run that are shown. */
const WORST = 5;
/** Pixels of one of the three pictures of a case. */
const WIDTH = 400;
/** Mm of the scan that are shown around truth and masks. */
const MARGIN = 20;

const [TRUTH, START, AFTER, THIS, NOT_THIS]: Colour[] = [
  [60, 220, 60],
  [255, 150, 0],
  [80, 160, 255],
  [255, 240, 0],
  [255, 60, 60],
];

/** One case of the index. */
interface Shown {
  readonly cohort: string;
  readonly evidence: string;
  readonly seed: number;
  readonly case: string;
  readonly file: string;
  /** Dice, percent, before and after the clicks. */
  readonly start: number;
  readonly after: number;
  readonly clicks: number;
  /** The axial slice with the most error after the clicks, counted upwards from 0. */
  readonly slice: number;
}

/** A folder of PNG files with an index of them, index.html and index.json. */
export class Album {
  readonly #folder: string;
  readonly #shown: Shown[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /**
   * Adds the cases that have the least Dice after their clicks, worst first.
   * @param sessions in the order of `names`
   */
  async add(
    { cohort, evidence, seed = 1 }: { cohort: Cohort; evidence: string; seed?: number },
    names: readonly string[],
    sessions: readonly Session[],
    read: (name: string) => Promise<ReadCase>,
  ): Promise<void> {
    const worst = names.map((name, n) => ({ name, session: sessions[n] }));
    worst.sort((a, b) => (a.session.dice.at(-1) ?? 0) - (b.session.dice.at(-1) ?? 0));
    for (const [place, { name, session }] of worst.slice(0, WORST).entries()) {
      const { scan, mask } = await read(name);
      const { slice, picture } = failurePicture(scan, { ...mask, data: labelOf(mask, cohort.label) }, session);
      const [start, after] = [session.dice[0], session.dice.at(-1) ?? 0];
      const [id, clicks] = [name.replace(/\.nii(\.gz)?$/, ''), session.seeds.length];
      const run = `${cohort.name}-${evidence}${seed === 1 ? '' : `-seed-${seed}`}`;
      const file = `${run}-${place + 1}-${id}-start-${start.toFixed(1)}-after-${clicks}-clicks-${after.toFixed(1)}.png`;
      writeFileSync(join(this.#folder, file), picture);
      this.#shown.push({ cohort: cohort.name, evidence, seed, case: id, file, start, after, clicks, slice });
    }
    this.#write();
  }

  #write(): void {
    writeFileSync(join(this.#folder, 'index.json'), `${JSON.stringify(this.#shown, null, 2)}\n`);
    const figures = this.#shown.map(
      ({ cohort, evidence, seed, case: id, file, start, after, clicks, slice }) =>
        `<figure><img src="${encodeURIComponent(file)}" alt=""><figcaption>${escaped(`${cohort}, ${evidence}, seed ${seed}: ${id}, slice ${slice}, Dice ${start.toFixed(1)} before and ${after.toFixed(1)} after ${clicks} clicks`)}</figcaption></figure>`,
    );
    writeFileSync(
      join(this.#folder, 'index.html'),
      [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Worst cases</title>',
        '<style>body{background:#111;color:#ddd;font:14px sans-serif}figure{margin:0 0 24px}</style>',
        '<p>The scan with the truth (green); with the mask before any click (orange); with the mask after the clicks (blue). Crosses are clicks on the slice,',
        'dots clicks beside it: yellow "this", red "not this".</p>',
        ...figures,
        '</html>\n',
      ].join('\n'),
    );
  }
}

const labelOf = ({ data }: LabelMap, label: number): Uint8Array =>
  Uint8Array.from(data, (value) => (value === label ? 1 : 0));

const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * Three pictures side by side of the axial slice where most is wrong after the clicks, cut around truth and masks.
 * @param truth 0 or 1
 * @returns the slice, counted upwards, and the bytes of a PNG file
 */
export function failurePicture(
  scan: Volume,
  truth: LabelMap,
  { seeds, start, mask }: Session,
): { slice: number; picture: Buffer } {
  const map = (data: Uint8Array): LabelMap => ({ ...truth, data });
  const wrong = map(mask.map((value, v) => (value === truth.data[v] ? 0 : 1)));
  const any = mask.map((value, v) => value | start[v] | truth.data[v]);
  const box = boxAround(map(any), MARGIN) ?? { start: [0, 0, 0], size: [...scan.size] };
  const [near, most] = [cropTo(scan, box), cropTo(wrong, box)];
  const window = percentileWindow(scan);
  const panel = (...outlines: readonly [LabelMap, Colour][]) =>
    axialPicture(
      near,
      largestSlice(most),
      window,
      outlines.map(([of, colour]) => ({ mask: cropTo(of, box), colour })),
      WIDTH,
    );
  const clicks = (inside: boolean) => map(marks(scan, seeds, inside));
  const drawn: [LabelMap, Colour] = [truth, TRUTH];
  const panels = [
    panel(drawn),
    panel(drawn, [map(start), START]),
    panel(drawn, [map(mask), AFTER], [clicks(true), THIS], [clicks(false), NOT_THIS]),
  ];
  return { slice: largestSlice(wrong), picture: encodePng(montage([panels])) };
}

/** The clicks' voxels with those beside them, so that a click shows on the slices beside its own too, smaller there. */
function marks({ size }: Grid, seeds: readonly Seed[], inside: boolean): Uint8Array {
  const out = new Uint8Array(size[0] * size[1] * size[2]);
  for (const voxel of seeds.flatMap((seed) => (seed.inside === inside ? [...seed.voxels] : []))) {
    out[voxel] = 1;
    for (const [axis, stride] of [1, size[0], size[0] * size[1]].entries()) {
      const at = Math.floor(voxel / stride) % size[axis];
      if (at > 0) out[voxel - stride] = 1;
      if (at + 1 < size[axis]) out[voxel + stride] = 1;
    }
  }
  return out;
}
