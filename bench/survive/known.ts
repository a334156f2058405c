/** What the program has acknowledged, and so must be found again after every end. */
export class Known {
  /** What a voxel may be, by scan and voxel: the value acknowledged last, or one of those tried since. */
  readonly voxels = new Map<number, Map<number, Set<number>>>();
  /** Names of scans whose import was said to be done. */
  readonly scans = new Set<string>();
  /** Names of runs that were said to be finished. */
  readonly runs = new Set<string>();
  /** Versions of masks that were named, by scan. */
  readonly versions = new Map<number, Set<number>>();
  /** Things that were acknowledged in all. */
  acknowledged = 0;

  tried(scan: number, voxel: number, value: number): void {
    const of = this.of(scan);
    of.set(voxel, new Set([...(of.get(voxel) ?? [0]), value]));
  }

  drawn(scan: number, voxel: number, value: number): void {
    this.of(scan).set(voxel, new Set([value]));
    this.acknowledged++;
  }

  scan(name: string): void {
    if (this.scans.has(name)) return;
    this.scans.add(name);
    this.acknowledged++;
  }

  run(name: string): void {
    if (this.runs.has(name)) return;
    this.runs.add(name);
    this.acknowledged++;
  }

  version(scan: number, version: number): void {
    const of = this.versions.get(scan) ?? new Set();
    this.versions.set(scan, of);
    if (of.has(version)) return;
    of.add(version);
    this.acknowledged++;
  }

  private of(scan: number): Map<number, Set<number>> {
    const known = this.voxels.get(scan) ?? new Map<number, Set<number>>();
    this.voxels.set(scan, known);
    return known;
  }
}
