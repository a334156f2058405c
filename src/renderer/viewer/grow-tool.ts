/** Region growing: a seed, a tolerance that follows the hand, and a region that shows as it grows. */
import { doJob, type EditJob } from '../../core/edit/job.ts';
import type { Plane } from '../../core/edit/planes.ts';
import type { VoxelIndex } from '../../core/volume.ts';
import type { Coming, Grow, PointerHost } from './pointer-host.ts';

/** A grown region larger than this part of the scan has leaked. */
const LEAK = 0.25;

interface Region {
  readonly seed: VoxelIndex;
  /** Before the drag. */
  readonly tolerance: number;
  readonly y: number;
  /** Works it out beside the window; null: here. */
  readonly grow: Grow | null;
  /** What was asked for last, until it is there. */
  coming: Coming | null;
}

export class GrowTool {
  private readonly plane: Plane;
  private readonly host: PointerHost;
  private region: Region | null = null;

  constructor(plane: Plane, host: PointerHost) {
    this.plane = plane;
    this.host = host;
  }

  start(seed: VoxelIndex, y: number): void {
    const { settings, editor } = this.host;
    const grow = settings.solid ? this.host.grower() : null;
    if (grow === undefined) return;
    const { tolerance } = settings;
    const region: Region = { seed, tolerance, y, grow, coming: null };
    this.region = region;
    if (grow) editor.beginStroke(true);
    this.show(region, tolerance);
  }

  /** Dragging up grows further, down less. */
  move(y: number): void {
    const { region } = this;
    if (!region) return;
    const step = this.host.window.width / 400;
    const tolerance = Math.max(0, region.tolerance + (region.y - y) * step);
    if (Math.abs(tolerance - this.host.settings.tolerance) < step) return;
    this.host.setTolerance(tolerance);
    this.show(region, tolerance);
  }

  end(): void {
    const { region } = this;
    this.region = null;
    if (!region) return;
    const { editor } = this.host;
    const { coming } = region;
    region.coming = null;
    if (!coming) {
      editor.endStroke(NAME);
      return;
    }
    // What is still being worked out is a step from now on: undone and redone as any other.
    editor.cancelStroke();
    void this.host.keep(NAME, coming).then((kept) => {
      if (!kept) this.host.setTolerance(region.tolerance);
    });
  }

  /** A region that is given up leaves the tolerance as it was before the drag. */
  cancel(): void {
    const { region } = this;
    this.region = null;
    if (!region) return;
    // What is still being worked out comes too late.
    region.coming = null;
    this.host.setTolerance(region.tolerance);
    this.host.editor.cancelStroke();
  }

  private show(region: Region, tolerance: number): void {
    const { editor, settings } = this.host;
    const limit = Math.round(editor.mask.data.length * LEAK);
    const normal = settings.solid ? null : this.plane.normal;
    const options = { normal, value: settings.label, tolerance, limit };
    const job = { kind: 'region', seed: region.seed, options } as const;
    if (region.grow) {
      void this.showLater(region, region.grow, job);
      return;
    }
    editor.cancelStroke();
    editor.beginStroke(true);
    try {
      editor.paint((recorder) => doJob(recorder, job, editor.voxels.scan));
    } catch (error) {
      editor.cancelStroke();
      editor.beginStroke(true);
      this.host.refuse(error);
    }
  }

  /** The region shows once it is worked out, while the pointer is down. */
  private async showLater(region: Region, grow: Grow, job: EditJob & { kind: 'region' }): Promise<void> {
    const { editor } = this.host;
    const coming = grow(job);
    region.coming = coming;
    const write = await coming.catch((error: unknown) => {
      if (region.coming === coming) this.host.refuse(error);
      return null;
    });
    if (region.coming !== coming) return;
    region.coming = null;
    if (write === undefined) {
      editor.cancelStroke();
      this.host.setTolerance(region.tolerance);
      if (this.region === region) this.region = null;
    } else editor.repaint((recorder) => write?.(recorder));
  }
}

const NAME = 'Region growing';
