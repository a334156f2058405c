/** Which frames a segmentation has, and their pixels: one bit each, or a label map. */
import type { LabelMap } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';

/** One part of a mask, as far as its voxels go. */
export interface Part {
  /** Value in the mask, 1..255. */
  value: number;
  /** Its own voxels, not 0 inside, on the mask's grid: such segments may overlap. Without it, the mask's voxels of `value`. */
  inside?: Uint8Array;
}

export interface MaskFrame {
  /** Index into the segments; none in a label map, whose frames hold all of them. */
  segment?: number;
  k: number;
}

/** The frames that hold a voxel of their segment, one empty one for a segment without any. */
export function maskFrames({ size, data }: LabelMap, segments: readonly Part[]): MaskFrame[] {
  const plane = size[0] * size[1];
  const bySegment = segments.map(() => [] as MaskFrame[]);
  const indexOf = new Int16Array(256).fill(-1);
  segments.forEach((s, n) => {
    if (!s.inside) indexOf[s.value] = n;
  });
  for (let k = 0; k < size[2]; k++) {
    const seen = new Uint8Array(segments.length);
    for (let n = k * plane; n < (k + 1) * plane; n++)
      if (data[n] !== 0 && indexOf[data[n]] >= 0) seen[indexOf[data[n]]] = 1;
    segments.forEach(({ inside }, segment) => {
      if (inside?.subarray(k * plane, (k + 1) * plane).some((v) => v !== 0)) seen[segment] = 1;
      if (seen[segment]) bySegment[segment].push({ segment, k });
    });
  }
  return bySegment.flatMap((list, segment) => (list.length > 0 ? list : [{ segment, k: 0 }]));
}

/** One bit a pixel, least significant first, frames without padding between them (PS3.5 section 8.2). */
export function packFrames(
  { size, data }: LabelMap,
  segments: readonly Part[],
  frames: readonly MaskFrame[],
): Uint8Array {
  const plane = size[0] * size[1];
  const bytes = Math.ceil((plane * frames.length) / 8);
  const out = new Uint8Array(bytes + (bytes % 2));
  let bit = 0;
  for (const { segment, k } of frames) {
    const { value, inside } = segments[segment ?? 0];
    const base = k * plane;
    for (let n = 0; n < plane; n++, bit++)
      if (inside ? inside[base + n] !== 0 : data[base + n] === value) out[bit >> 3] |= 1 << (bit & 7);
  }
  return out;
}

/** Is any voxel in two segments? Label maps never are; segments with voxels of their own may be. */
export function overlap({ data }: LabelMap, segments: readonly Part[]): boolean {
  const own = segments.flatMap(({ inside }) => (inside ? [inside] : []));
  if (own.length === 0) return false;
  const mapped = new Set(segments.filter(({ inside }) => !inside).map(({ value }) => value));
  return data.some((v, n) => own.reduce((sum, inside) => sum + (inside[n] !== 0 ? 1 : 0), mapped.has(v) ? 1 : 0) > 1);
}

/** The slices that hold any voxel, at least one. @throws mask/overlapping for segments with voxels of their own */
export function labelMapFrames({ size, data }: LabelMap, segments: readonly Part[]): MaskFrame[] {
  if (segments.some(({ inside }) => inside))
    throw new DecileError(
      'mask/overlapping',
      'The segments of a label map must share one value a voxel, got segments with voxels of their own.',
      'Write them as binary segments: --format seg.',
    );
  const plane = size[0] * size[1];
  const frames: MaskFrame[] = [];
  for (let k = 0; k < size[2]; k++)
    if (data.subarray(k * plane, (k + 1) * plane).some((v) => v > 0)) frames.push({ k });
  return frames.length > 0 ? frames : [{ k: 0 }];
}

/** One byte a pixel, an even number of bytes. */
export function packLabels({ size, data }: LabelMap, frames: readonly MaskFrame[]): Uint8Array {
  const plane = size[0] * size[1];
  const bytes = plane * frames.length;
  const out = new Uint8Array(bytes + (bytes % 2));
  frames.forEach(({ k }, n) => {
    out.set(data.subarray(k * plane, (k + 1) * plane), n * plane);
  });
  return out;
}
