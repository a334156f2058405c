/** Two masks of the open case against each other: figures label by label, and where they differ in the pictures. */
import type { DirtyBox } from '../../../core/edit/edit.ts';
import { differ } from '../../../core/edit/not-drawn.ts';
import type { LabelMap } from '../../../core/volume.ts';
import type { Client, MaskComparison, ScanDetail } from '../../../shared/contract/index.ts';
import type { CaseDisplay } from '../../viewer/case-display.ts';
import { loadVersion } from '../../viewer/case-loader.ts';

/** What a comparison needs of the screen. */
export interface ComparingHost {
  readonly client: Client;
  readonly detail: ScanDetail | null;
  readonly display: CaseDisplay | null;
  readonly look: { showDifference: boolean };
  readonly position: { readonly crosshair: readonly [number, number, number]; goToK(k: number): void };
  readonly views: Iterable<{ maskChanged(boxes: readonly DirtyBox[]): void }>;
  refuse(error: unknown): void;
}

export class Comparing {
  found = $state.raw<MaskComparison | null>(null);
  /** Slices along k on which the two differ. */
  slices = $state.raw<readonly number[]>([]);
  private readonly screen: ComparingHost;
  /** Was the difference shown before? */
  private shown = false;

  constructor(screen: ComparingHost) {
    this.screen = screen;
  }

  /** The second version against the first; goes to the slice where they differ most. */
  async start(first: number, second: number): Promise<void> {
    const { client, detail, display, look, position } = this.screen;
    if (!detail || !display) return;
    try {
      const found = await client.call('masks.compare', { scan: detail.id, versions: [first, second] });
      const masks = {
        first: await loadVersion(client, detail, found.first),
        second: await loadVersion(client, detail, found.second),
      };
      // Another case may have been opened meanwhile.
      if (this.screen.display !== display) return;
      if (!this.found) this.shown = look.showDifference;
      this.found = found;
      this.slices = differing(masks.first, masks.second);
      display.compareMasks(masks);
      look.showDifference = true;
      this.redraw(detail);
      const worst = found.labels.find(({ worstSlice }) => worstSlice !== null)?.worstSlice;
      if (worst !== undefined && worst !== null && !this.slices.includes(position.crosshair[2])) position.goToK(worst);
    } catch (error) {
      if (this.screen.display === display) this.screen.refuse(error);
    }
  }

  /** The pictures show the case's own difference again. */
  end(): void {
    if (!this.found) return;
    const { display, detail, look } = this.screen;
    [this.found, this.slices] = [null, []];
    look.showDifference = this.shown;
    display?.compareMasks(null);
    if (detail) this.redraw(detail);
  }

  /** The next slice on which the two differ, round and round. */
  step(way: 1 | -1): void {
    const { slices } = this;
    const k = this.screen.position.crosshair[2];
    const next = way === 1 ? slices.find((one) => one > k) : slices.findLast((one) => one < k);
    const target = next ?? slices.at(way === 1 ? 0 : -1);
    if (target !== undefined) this.screen.position.goToK(target);
  }

  private redraw({ grid: { size } }: ScanDetail): void {
    const whole = Array.from({ length: size[2] }, (_, k) => ({ k, i0: 0, i1: size[0] - 1, j0: 0, j1: size[1] - 1 }));
    for (const view of this.screen.views) view.maskChanged(whole);
  }
}

/** Slices along k that differ where both are drawn. */
function differing(a: LabelMap, b: LabelMap): number[] {
  const slice = a.size[0] * a.size[1];
  return Array.from({ length: a.size[2] }, (_, k) => k).filter((k) => {
    for (let v = k * slice; v < (k + 1) * slice; v++) if (differ(a.data[v], b.data[v])) return true;
    return false;
  });
}
