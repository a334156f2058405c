/** The small picture of a case: its middle slice, or the one where its mask is largest, with the mask's outline. */

import { existsSync, readFileSync } from 'node:fs';
import { sliceView } from '../../../core/slice-view.ts';
import { isUnlabelled, voxelCount } from '../../../core/volume.ts';
import { writeFileAtomic } from '../../../disk/index.ts';
import { readMask } from '../../../imaging/index.ts';
import { encodePng } from '../../../imaging/png.ts';
import type { Scan, Store } from '../../store/index.ts';
import { percentiles, readSlice, storedVolume } from '../drawing/stored-volume.ts';
import { currentMask } from './case-states.ts';

/** Pixels along the longer side: twice the size in the table, for dense screens. */
const SIDE = 112;
/** Window of CT in HU: soft tissue, 400 wide around 40. */
const SOFT_TISSUE = [-160, 240] as const;

/** Drawn when first asked for, and kept under the version of the mask that it shows. @returns bytes of a PNG */
export async function thumbnail(store: Store, id: number): Promise<Uint8Array> {
  const scan = store.scans.get(id);
  const mask = currentMask(store, id);
  const kept = store.path(`.cache/thumbnails/${id}-${mask?.version ?? 0}.png`);
  if (existsSync(kept)) return readFileSync(kept);
  const picture = await draw(store, scan, mask ? (await readMask(store.path(mask.file))).data : null);
  // A thumbnail that cannot be kept (full disk, read-only folder) is drawn again next time.
  try {
    writeFileAtomic(kept, picture);
  } catch {}
  return picture;
}

async function draw(store: Store, scan: Scan, mask: Uint8Array | null): Promise<Buffer> {
  const volume = await storedVolume(store.path(scan.volumeFile));
  const area = scan.size[0] * scan.size[1];
  const k = (mask && fullestSlice(mask, area)) ?? scan.size[2] >> 1;
  const slice = await readSlice(volume, k);
  const drawn = mask && mask.length === voxelCount(scan) ? mask.subarray(k * area, (k + 1) * area) : null;
  const [low, high] =
    scan.modality === 'CT' || store.project.get().preset.startsWith('ct')
      ? SOFT_TISSUE
      : percentiles(slice, [0.01, 0.99]);
  const view = sliceView(scan);
  const [wide, tall] = [view.width * view.pixel[0], view.height * view.pixel[1]];
  const scale = SIDE / Math.max(wide, tall);
  const width = Math.max(1, Math.round(wide * scale));
  const height = Math.max(1, Math.round(tall * scale));
  const colours = new Map(
    store.labels
      .list()
      .map((label) => [label.value, [1, 3, 5].map((at) => Number.parseInt(label.colour.slice(at, at + 2), 16))]),
  );
  const voxel = (x: number, y: number) =>
    view.index(
      Math.min(view.width - 1, Math.floor((x * view.width) / width)),
      Math.min(view.height - 1, Math.floor((y * view.height) / height)),
    );
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = voxel(x, y);
      const grey = Math.max(0, Math.min(255, ((slice[at] - low) / Math.max(high - low, 1e-9)) * 255));
      const label = drawn?.[at] ?? 0;
      const edge =
        label > 0 &&
        [
          voxel(Math.max(0, x - 1), y),
          voxel(Math.min(width - 1, x + 1), y),
          voxel(x, Math.max(0, y - 1)),
          voxel(x, Math.min(height - 1, y + 1)),
        ].some((other) => drawn![other] !== label);
      pixels.set((edge && colours.get(label)) || [grey, grey, grey], 3 * (x + width * y));
    }
  }
  return encodePng({ width, height, channels: 3, pixels });
}

function fullestSlice(mask: Uint8Array, area: number): number | null {
  let best: number | null = null;
  let most = 0;
  for (let k = 0; k * area < mask.length; k++) {
    let count = 0;
    for (let v = k * area; v < (k + 1) * area; v++) if (!isUnlabelled(mask[v])) count++;
    if (count > most) [best, most] = [k, count];
  }
  return best;
}
