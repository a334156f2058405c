/** Phantoms: made-up scans with known masks, for the demo and for tests. The same kind, seed and size give the same voxels. */
import { DecileError } from '../errors.ts';
import {
  type Direction,
  type Grid,
  type LabelMap,
  lpsFrom,
  spacingFrom,
  spacingMm,
  type Volume,
  voxelCount,
} from '../volume.ts';
import { makeAbdomen } from './ct-abdomen.ts';
import { makeHead } from './mr-head.ts';
import { type Random, seededRandom } from './random.ts';
import { type Anatomy, sampleAnatomy } from './sample.ts';
import { rotation } from './shapes.ts';
import { correlatedNoise, smoothField } from './texture.ts';

export const PHANTOM_KINDS = ['ct-abdomen', 'mr-head'] as const;
export type PhantomKind = (typeof PHANTOM_KINDS)[number];

export interface Phantom {
  scan: Volume<Int16Array>;
  /** 1 = kidneys (ct-abdomen) or lesion with its oedema (mr-head). */
  mask: LabelMap;
}

const DEFAULT_SIZE: Record<PhantomKind, Grid['size']> = { 'ct-abdomen': [96, 72, 48], 'mr-head': [64, 80, 48] };

/**
 * @param seed any whole number; each is another patient
 * @param size voxels along i, j, k; the field of view stays, so more voxels are finer ones
 * @throws phantom/unknown, phantom/size
 */
export function makePhantom(kind: PhantomKind, seed: number, size: Grid['size'] = DEFAULT_SIZE[kind]): Phantom {
  if (!PHANTOM_KINDS.includes(kind)) {
    throw new DecileError(
      'phantom/unknown',
      `A phantom must be one of ${PHANTOM_KINDS.join(', ')}, got ${kind}.`,
      'Choose one of these.',
    );
  }
  if (!size.every((side) => Number.isInteger(side) && side >= 8)) {
    throw new DecileError(
      'phantom/size',
      `A phantom must have at least 8 voxels on each side, got ${size.join(' x ')}.`,
      'Choose a larger size.',
    );
  }
  const random = seededRandom(seed, PHANTOM_KINDS.indexOf(kind) + 1);
  return kind === 'ct-abdomen' ? abdomen(random, size) : head(random, size);
}

function abdomen(random: Random, size: Grid['size']): Phantom {
  const { anatomy, halfWidth, halfDepth } = makeAbdomen(random);
  const inPlane = Math.max((2 * halfWidth + 24) / size[0], (2 * halfDepth + 34) / size[1]);
  const spacing = spacingMm(inPlane, inPlane, random.range(195, 225) / size[2]);
  const grid = place(random, size, spacing, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const { values, mask } = sample(anatomy, grid);
  const noise = correlatedNoise(random, size, 0.45);
  const deviation = random.range(9, 22);
  const data = Int16Array.from(values, (hu, n) => Math.max(-1024, Math.round(hu + deviation * noise[n])));
  return { scan: { ...grid, data }, mask };
}

function head(random: Random, size: Grid['size']): Phantom {
  const { anatomy, half } = makeHead(random);
  const spacing = spacingMm(
    (2 * half[0] + 20) / size[0],
    (2 * half[1] + 16) / size[1],
    random.range(138, 156) / size[2],
  );
  // MR slices follow the patient, not the table: a few degrees about each axis.
  const tilt = rotation([random.normal(0, 0.15), random.normal(0, 0.05), random.normal(0, 0.05)]);
  const grid = place(random, size, spacing, Array.from(tilt) as unknown as Direction);
  const { values, mask } = sample(anatomy, grid);
  const field = smoothField(random);
  const [strength, scale, sigma] = [random.range(0.1, 0.3), random.range(250, 700), random.range(0.03, 0.065)];
  const coil = size.map((side) => 1.6 / side);
  const data = new Int16Array(values.length);
  for (let k = 0, n = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, n++) {
        const signal = values[n] * Math.exp(strength * field(i * coil[0], j * coil[1], k * coil[2]));
        // Rician: the magnitude of a signal with noise in both channels.
        data[n] = Math.round(scale * Math.hypot(signal + random.normal(0, sigma), random.normal(0, sigma)));
      }
  return { scan: { ...grid, data }, mask };
}

function sample(anatomy: Anatomy, grid: Grid): { values: Float32Array; mask: LabelMap } {
  const { values, labels } = sampleAnatomy(anatomy, grid);
  return { values, mask: { ...grid, data: labels } };
}

/** A scanner's table puts the middle of the volume anywhere: the origin follows from a random isocentre. */
function place(random: Random, size: Grid['size'], spacing: Grid['spacing'], direction: Direction): Grid {
  const rounded = spacing.map((s) => Math.round(s * 1000) / 1000) as [number, number, number];
  const middle = [random.normal(0, 12), random.normal(-20, 15), random.range(-400, 400)];
  const reach = size.map((side, axis) => ((side - 1) / 2) * rounded[axis]);
  const origin = [0, 1, 2].map(
    (row) =>
      Math.round(
        (middle[row] -
          direction[row * 3] * reach[0] -
          direction[row * 3 + 1] * reach[1] -
          direction[row * 3 + 2] * reach[2]) *
          1000,
      ) / 1000,
  );
  return { size, spacing: spacingFrom(rounded), origin: lpsFrom(origin), direction };
}

/** Share of the grid that the mask covers, 0 to 1. */
export const maskShare = (mask: LabelMap): number =>
  mask.data.reduce((sum, v) => sum + (v > 0 ? 1 : 0), 0) / voxelCount(mask);
