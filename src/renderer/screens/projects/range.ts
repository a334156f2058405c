/** The intensities that training clips a CT project to, while they are edited, and a slice to see them on. */
import { normalisationOfPreset } from '../../../core/model-channels.ts';
import { VOXEL_ARRAYS } from '../../../core/volume.ts';
import type { Client, ProjectOverview } from '../../../shared/contract/index.ts';

/** One slice in HU. */
export interface RangeSlice {
  readonly width: number;
  readonly height: number;
  readonly values: ArrayLike<number>;
  readonly name: string;
}

/** HU that a CT project clips to, more where nobody set them and they clip most of a label; null for MR, which has no range. */
export function rangeOf({
  preset,
  range,
}: Pick<ProjectOverview, 'preset' | 'range'>): readonly [number, number] | null {
  const normalisation = normalisationOfPreset(preset, range);
  return 'clip' in normalisation && normalisation.clip ? normalisation.clip : null;
}

/** The middle slice along k of the project's first scan; null where it has none. */
export async function middleSlice(client: Client): Promise<RangeSlice | null> {
  const [first] = await client.call('scans.list');
  if (!first) return null;
  const { grid, dtype, name } = await client.call('scans.detail', { scan: first.id });
  const response = await client.data(`/data/volume/${first.id}?k=${grid.size[2] >> 1}`);
  const values = new VOXEL_ARRAYS[dtype](await response.arrayBuffer());
  const [width, height] = grid.size;
  return values.length === width * height ? { width, height, values, name } : null;
}

/** Grey from black at `low` to white at `high`; what lies outside is what training cannot tell apart. */
export function windowedPixels({ values }: RangeSlice, low: number, high: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(new ArrayBuffer(4 * values.length));
  const scale = 255 / Math.max(1e-6, high - low);
  for (let n = 0; n < values.length; n++) {
    pixels.fill((values[n] - low) * scale, 4 * n, 4 * n + 3);
    pixels[4 * n + 3] = 255;
  }
  return pixels;
}
