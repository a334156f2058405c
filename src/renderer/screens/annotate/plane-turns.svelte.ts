/** Which way each plane stands in the patient: along the voxels at first, then as the user turns them. */
import type { Plane, PlaneName } from '../../../core/edit/planes.ts';
import type { Grid } from '../../../core/volume.ts';
import { type Frames, straightFrame, turnOthers } from '../../viewer/frame.ts';

export class PlaneTurns {
  frames = $state.raw<Frames | null>(null);
  private straight: Frames | null = null;

  /** Another case: its planes along its voxels. */
  reset(grid: Grid, planes: Record<PlaneName, Plane>): void {
    const frame = (name: PlaneName) => straightFrame(grid, planes[name]);
    this.straight = { axial: frame('axial'), coronal: frame('coronal'), sagittal: frame('sagittal') };
    this.frames = this.straight;
  }

  straighten(): void {
    this.frames = this.straight;
  }

  /** Turns the planes other than this one about the crosshair, radians. */
  turn(name: PlaneName, angle: number): void {
    if (this.frames) this.frames = turnOthers(this.frames, name, angle);
  }

  isTurned(name: PlaneName): boolean {
    return this.frames !== null && this.frames[name] !== this.straight?.[name];
  }

  get any(): boolean {
    return this.frames !== this.straight;
  }
}
