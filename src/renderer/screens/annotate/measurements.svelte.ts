/** Rulers, angles and regions of the open case: kept at once, taken back and done again in one row with the edits of the mask. */
import { figuresInWords, figuresOf, type MeasuredShape } from '../../../core/measure/figures.ts';
import type { Client, Measurement, ScanDetail } from '../../../shared/contract/index.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import type { ShownMeasurement } from '../../viewer/measure-overlay.ts';
import { valueUnit } from './readout.ts';

/** What measurements need of the screen. */
export interface MeasurementsHost {
  readonly client: Client;
  readonly detail: ScanDetail | null;
  readonly editor: CaseEditor | null;
  readonly channels: {
    readonly list: readonly { readonly name: string; readonly kind: string }[];
    readonly name: string;
  };
  readonly steps: { readonly current: number };
  notice: { text: string; cure: string } | null;
  refuse(error: unknown): void;
}

interface Step {
  readonly added: boolean;
  readonly measurement: Measurement;
  /** Steps of the mask that were in force. */
  readonly after: number;
}

export class Measurements {
  list = $state.raw<readonly Measurement[]>([]);
  private done = $state.raw<readonly Step[]>([]);
  private undone = $state.raw<readonly Step[]>([]);
  /** One call after the other: taken back at once, a measurement must not arrive after its removal. */
  private kept: Promise<void> = Promise.resolve();
  private readonly screen: MeasurementsHost;

  constructor(screen: MeasurementsHost) {
    this.screen = screen;
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }
  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** Another case, with what was measured on it before. */
  enter({ measurements = [] }: ScanDetail): void {
    [this.list, this.done, this.undone] = [measurements, [], []];
  }

  add(shape: MeasuredShape): void {
    const { editor, channels } = this.screen;
    if (!editor) return;
    const figures = figuresOf(shape, editor.voxels.scan);
    this.act(true, { ...shape, figures, id: crypto.randomUUID(), channel: channels.name });
  }

  remove(measurement: Measurement): void {
    this.act(false, measurement);
  }

  /** Takes the last one back where nothing was drawn since; false where the mask has the later step. */
  undo(): boolean {
    const step = this.done.at(-1);
    if (!step || step.after < this.screen.steps.current) return false;
    this.done = this.done.slice(0, -1);
    this.undone = [...this.undone, step];
    this.put(!step.added, step.measurement);
    return true;
  }

  redo(): boolean {
    const step = this.undone.at(-1);
    if (!step || step.after > this.screen.steps.current) return false;
    this.undone = this.undone.slice(0, -1);
    this.done = [...this.done, step];
    this.put(step.added, step.measurement);
    return true;
  }

  /** What stands on one slice of a plane. */
  on(normal: number, slice: number): ShownMeasurement[] {
    return this.list
      .filter((one) => one.normal === normal && one.slice === slice)
      .map((one) => ({ ...one, text: this.inWords(one) }));
  }

  inWords({ kind, figures, channel }: Measurement): string {
    const { detail, channels } = this.screen;
    return figuresInWords(kind, figures, valueUnit(detail, channels, channel));
  }

  private act(added: boolean, measurement: Measurement): void {
    this.done = [...this.done, { added, measurement, after: this.screen.steps.current }];
    this.undone = [];
    this.put(added, measurement);
  }

  private put(there: boolean, measurement: Measurement): void {
    const others = this.list.filter(({ id }) => id !== measurement.id);
    this.list = there ? [...others, measurement] : others;
    this.screen.notice = null;
    const { client, detail } = this.screen;
    if (detail) this.kept = this.kept.then(() => this.keep(client, detail, there, measurement));
  }

  /** What could not be kept is not shown as if it were. */
  private async keep(client: Client, detail: ScanDetail, there: boolean, measurement: Measurement): Promise<void> {
    const { id, kind, normal, slice, figures, channel } = measurement;
    const points = measurement.points.map(([i, j, k]): [number, number, number] => [i, j, k]);
    try {
      if (there)
        await client.call('measurements.add', {
          scan: detail.id,
          measurement: { id, kind, normal, slice, points, figures, channel },
        });
      else await client.call('measurements.remove', { scan: detail.id, measurement: id });
    } catch (error) {
      if (this.screen.detail?.id !== detail.id) return;
      const others = this.list.filter((one) => one.id !== id);
      this.list = there ? others : [...others, measurement];
      this.screen.refuse(error);
    }
  }
}
