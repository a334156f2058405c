/** Volumes of the labels in a study's masks, each mask read once. */
import { isPartlyDrawn, type LabelMap, voxelMl } from '../core/volume.ts';
import { readMask } from '../imaging/index.ts';

/** ml of each label that a scan has, by value. */
export type Volumes = ReadonlyMap<number, number>;

export class LabelVolumes {
  private readonly known = new Map<string, Volumes>();

  /** Of the mask in that file; of a scan drawn in part nobody knows how large its labels are: none. */
  async of(maskPath: string): Promise<Volumes> {
    const volumes = this.known.get(maskPath) ?? volumesOf(await readMask(maskPath));
    this.known.set(maskPath, volumes);
    return volumes;
  }
}

function volumesOf(mask: LabelMap): Volumes {
  const volumes = new Map<number, number>();
  if (isPartlyDrawn(mask)) return volumes;
  const ml = voxelMl(mask);
  for (const value of mask.data) if (value !== 0) volumes.set(value, (volumes.get(value) ?? 0) + ml);
  return volumes;
}
