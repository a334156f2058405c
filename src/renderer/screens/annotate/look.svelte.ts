/** How image and mask look: window, opacity, overlays, layout. Stays as it is from case to case. */
import type { PlaneName } from '../../../core/edit/planes.ts';
import type { ChannelInfo, ScanDetail } from '../../../shared/contract/index.ts';
import { presetsOf, type Window, type WindowPreset } from '../../viewer/window.ts';

export type Layout = 'single' | 'side' | 'grid';
export const LAYOUTS: readonly Layout[] = ['side', 'grid', 'single'];
export type Pane = PlaneName | 'surface';

export class Look {
  window = $state.raw<Window>({ level: 0, width: 1 });
  /** White where it would be black. */
  invert = $state(false);
  presets = $state.raw<WindowPreset[]>([]);
  /** The large plane, and the one that keys and strips move. */
  main = $state<Pane>('axial');
  layout = $state<Layout>('side');
  /** 0..1 of the filled mask. */
  opacity = $state(0.35);
  maskOn = $state(true);
  showHeat = $state(false);
  showDifference = $state(false);
  showPredictionOutline = $state(false);
  /** The hold key is down: the untouched prediction stands in for the mask. */
  before = $state(false);
  private modality = '';

  usePreset(at: number): void {
    if (this.presets[at]) this.window = this.presets[at];
  }

  nextLayout(): void {
    this.layout = LAYOUTS[(LAYOUTS.indexOf(this.layout) + 1) % LAYOUTS.length];
  }

  stepOpacity(by: number): void {
    this.opacity = Math.min(1, Math.max(0, Math.round((this.opacity + by) * 100) / 100));
  }

  /** The window of another case: CT keeps its own from scan to scan. True where it was set anew. */
  suit({ modality: own, percentiles, channels }: ScanDetail): boolean {
    const first = channels?.[0];
    const modality = first ? (first.kind === 'ct' ? 'CT' : 'MR') : own;
    const same = this.presets.length > 0 && this.modality === modality && modality === 'CT';
    this.modality = modality;
    if (same) return false;
    this.presets = presetsOf(modality, percentiles);
    this.window = this.presets[0];
    return true;
  }

  /** The window of another channel of the case. @param kept what it was left with */
  suitChannel({ kind, percentiles }: ChannelInfo, kept: Window | undefined): void {
    this.modality = kind === 'ct' ? 'CT' : 'MR';
    this.presets = presetsOf(this.modality, percentiles);
    // A window of its own: equal numbers stand for other stored values now.
    this.window = { ...(kept ?? this.presets[0]) };
  }
}
