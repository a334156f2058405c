/** The project's labels as this screen has them: which one is drawn, visible, locked. */
import type { Client, LabelInfo } from '../../../shared/contract/index.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import { labelTable } from '../../viewer/palette.ts';

export interface ViewLabel extends LabelInfo {
  visible: boolean;
}

/** What labels need of the screen. */
export interface LabelsHost {
  readonly client: Client;
  readonly editor: CaseEditor | null;
  readonly tools: { readonly settings: { label: number } };
  readonly look: { readonly maskOn: boolean };
  refuse(error: unknown): void;
}

export class CaseLabels {
  list = $state<ViewLabel[]>([]);
  private readonly screen: LabelsHost;

  /** Packed colour by value. */
  readonly colours = $derived.by(() => {
    const { maskOn } = this.screen.look;
    return labelTable(this.list.map((l) => ({ value: l.value, colour: l.colour, visible: l.visible && maskOn })));
  });
  /** The label that tools write. */
  readonly active = $derived.by(() => this.list.find((l) => l.value === this.screen.tools.settings.label) ?? null);

  constructor(screen: LabelsHost) {
    this.screen = screen;
  }

  set(labels: readonly LabelInfo[]): void {
    const { settings } = this.screen.tools;
    const hidden = new Set(this.list.filter((l) => !l.visible).map((l) => l.value));
    this.list = labels.map((l) => ({ ...l, visible: !hidden.has(l.value) }));
    if (!this.list.some((l) => l.value === settings.label)) settings.label = this.list[0]?.value ?? 1;
    this.lock();
  }

  toggle(value: number): void {
    const label = this.list.find((l) => l.value === value);
    if (label) label.visible = !label.visible;
  }

  step(way: 1 | -1): void {
    const { settings } = this.screen.tools;
    const at = this.list.findIndex((l) => l.value === settings.label);
    const next = this.list[(at + way + this.list.length) % this.list.length];
    if (next) settings.label = next.value;
  }

  /** The label to correct is most likely the one that fills most of the slice. */
  chooseOn(k: number): void {
    const counts = this.screen.editor?.statistics.perSlice;
    if (!counts || !this.list.length) return;
    const largest = this.list.reduce((a, b) => (counts[b.value + 256 * k] > counts[a.value + 256 * k] ? b : a));
    if (counts[largest.value + 256 * k]) this.screen.tools.settings.label = largest.value;
  }

  /** Locks, colours and names belong to the project: they are kept there. */
  async change(value: number, change: Partial<Pick<LabelInfo, 'locked' | 'colour' | 'name'>>): Promise<void> {
    const label = this.list.find((l) => l.value === value);
    if (!label) return;
    Object.assign(label, change);
    this.lock();
    const labels = this.list.map(({ visible: _, ...info }) => $state.snapshot(info));
    try {
      await this.screen.client.call('projects.setLabels', { labels });
    } catch (error) {
      this.screen.refuse(error);
    }
  }

  /** Tells the editor which labels no tool may overwrite. */
  lock(): void {
    this.screen.editor?.setLocked(this.list.filter((l) => l.locked).map((l) => l.value));
  }
}
