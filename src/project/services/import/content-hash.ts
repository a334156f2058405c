/** Recognises the same scan twice, whatever its file is called. */
import { createHash } from 'node:crypto';
import type { Volume } from '../../../core/volume.ts';

/** SHA-256 of size, geometry (to 0.001 mm, since formats round differently), voxel type and voxels. */
export function contentHash(volume: Volume): string {
  const rounded = (values: readonly number[]) =>
    values.map((value) => (Math.round(value * 1000) / 1000 + 0).toFixed(3)).join(',');
  const { data } = volume;
  return createHash('sha256')
    .update(
      [
        volume.size.join('x'),
        rounded(volume.spacing),
        rounded(volume.origin),
        rounded(volume.direction),
        data.constructor.name,
      ].join(';'),
    )
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}
