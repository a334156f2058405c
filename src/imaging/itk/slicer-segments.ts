/** The fields by which 3D Slicer names the segments of a `.seg.nrrd`. */

export interface SlicerSegment {
  /** Value in the voxels. */
  number: number;
  name: string;
  /** Overlapping segments lie in layers of their own. */
  layer: number;
}

/** Segments in the order of the header, none for an NRRD that is no segmentation. */
export function slicerSegments(pairs: ReadonlyMap<string, string>): SlicerSegment[] {
  const segments: SlicerSegment[] = [];
  for (const [key, value] of pairs) {
    const index = /^Segment(\d+)_ID$/.exec(key)?.[1];
    if (index === undefined) continue;
    const field = (name: string) => pairs.get(`Segment${index}_${name}`)?.trim();
    segments.push({
      number: Number(field('LabelValue') ?? Number(index) + 1),
      name: field('Name') ?? value.trim(),
      layer: Number(field('Layer') ?? 0) || 0,
    });
  }
  return segments.filter(({ number }) => Number.isInteger(number) && number >= 1 && number <= 255);
}
