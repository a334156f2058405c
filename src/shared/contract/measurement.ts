/** Measurements between window and main: what is measured on a slice, and its figures. */
import { z } from 'zod';
import type { PlaneName } from '../../core/edit/planes.ts';
import {
  type Figures,
  MEASUREMENT_KINDS,
  type MeasuredShape,
  type MeasurementKind,
  POINTS,
} from '../../core/measure/figures.ts';

const finite = z.number();
const figure = finite.optional();

/** A new measurement; its id is made by the window, so that one taken back can come again. */
export const measurement = z
  .object({
    id: z.uuid(),
    kind: z.enum(MEASUREMENT_KINDS),
    normal: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    slice: z.number().int().nonnegative(),
    points: z.array(z.tuple([finite, finite, finite])).max(3),
    figures: z.object({
      ...{ mm: figure, degrees: figure, areaMm2: figure },
      ...{ voxels: figure, mean: finite.nullish(), sd: finite.nullish() },
    }),
    channel: z.string().max(120),
  })
  .refine(({ kind, points }) => points.length === POINTS[kind], { message: 'has too few or too many points' });

/** A measurement of a case as the window shows it. */
export interface Measurement extends MeasuredShape {
  id: string;
  figures: Figures;
  /** The channel that a region's values are of; '' where the scan has but one. */
  channel: string;
}

/** A measurement as tables and reports tell it. */
export interface MeasuredRow {
  /** Name of the scan. */
  scan: string;
  kind: MeasurementKind;
  /** The plane that the slice lies in, and its number from 1. */
  plane: PlaneName;
  slice: number;
  lengthMm: number | null;
  angleDegrees: number | null;
  areaMm2: number | null;
  /** Of the voxels whose centres are inside, in the scan's units. */
  mean: number | null;
  sd: number | null;
  voxels: number | null;
  /** '' where the scan has but one. */
  channel: string;
  when: string;
  /** '' where that is not known. */
  who: string;
}
