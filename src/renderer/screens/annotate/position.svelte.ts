/** Where in the scan the planes stand, and how they get elsewhere. */
import { acquisitionPlane, type Plane, type PlaneName, planesOf } from '../../../core/edit/planes.ts';
import type { Grid } from '../../../core/volume.ts';
import type { Pane } from './look.svelte.ts';
import { PlaneTurns } from './plane-turns.svelte.ts';

type Point = [number, number, number];

export class Position {
  planes = $state.raw<Record<PlaneName, Plane> | null>(null);
  readonly turns = new PlaneTurns();
  /** Voxel where the planes meet. */
  crosshair = $state.raw<Point>([0, 0, 0]);
  /** Slices across k that are worth a look, in their order. */
  flagged = $state.raw<readonly number[]>([]);
  private size = $state.raw<Grid['size']>([0, 0, 0]);
  private readonly look: { readonly main: Pane };

  readonly main = $derived.by((): PlaneName => (this.look.main === 'surface' ? this.acquisition : this.look.main));

  constructor(look: { readonly main: Pane }) {
    this.look = look;
  }

  /** Another case: in its middle, on slice k. */
  enter(grid: Grid, k: number, flagged: readonly number[]): void {
    this.size = grid.size;
    this.planes = planesOf(grid);
    this.turns.reset(grid, this.planes);
    this.flagged = flagged.toSorted((a, b) => a - b);
    this.crosshair = [grid.size[0] >> 1, grid.size[1] >> 1, k];
  }

  /** The plane across k. */
  get acquisition(): PlaneName {
    return this.planes ? acquisitionPlane(this.planes) : 'axial';
  }

  sliceOf(name: PlaneName): number {
    return this.planes ? this.crosshair[this.planes[name].normal] : 0;
  }

  /** Slices of a plane. */
  slices(name: PlaneName): number {
    return this.planes ? this.size[this.planes[name].normal] : 0;
  }

  goTo(name: PlaneName, slice: number): void {
    if (!this.planes) return;
    const at: Point = [...this.crosshair];
    at[this.planes[name].normal] = Math.min(this.slices(name) - 1, Math.max(0, Math.round(slice)));
    this.crosshair = at;
  }

  goToK(k: number): void {
    this.goTo(this.acquisition, k);
  }

  moveCrosshair(index: readonly [number, number, number]): void {
    if (!this.planes) return;
    this.crosshair = index.map((c, axis) => Math.min(this.size[axis] - 1, Math.max(0, Math.round(c)))) as Point;
  }

  /** One step of the crosshair on a plane as it is shown: to the right, and down. */
  moveOn(name: PlaneName, right: number, down: number): void {
    const plane = this.planes?.[name];
    if (!plane) return;
    const at: Point = [...this.crosshair];
    at[plane.u] += plane.flipU ? -right : right;
    at[plane.v] += plane.flipV ? -down : down;
    this.moveCrosshair(at);
  }

  /** The next flagged slice after the present one, round and round. */
  goToFlagged(way: 1 | -1): void {
    const { flagged } = this;
    const k = this.crosshair[2];
    const next = way === 1 ? flagged.find((f) => f > k) : flagged.findLast((f) => f < k);
    const target = next ?? (way === 1 ? flagged[0] : flagged[flagged.length - 1]);
    if (target !== undefined) this.goToK(target);
  }
}
