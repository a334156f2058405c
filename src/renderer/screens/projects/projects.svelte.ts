/** The Projects screen: recent projects, and the form of a new one. */
import type { PresetName } from '../../../core/options.ts';
import type { ChosenFolder, RecentProject } from '../../../shared/contract/index.ts';
import type { AppState } from '../../shell/app.svelte.ts';
import { LabelList } from './labels.svelte.ts';

export const PRESET_TEXTS: Record<PresetName, { title: string; text: string; label: string }> = {
  'ct-kidney': {
    title: 'CT, kidney',
    text: 'Intensities from -75 to 175 HU.',
    label: 'kidney',
  },
  'ct-abdomen': { title: 'CT, abdomen', text: 'From -160 to 240 HU: liver, spleen, pancreas.', label: 'liver' },
  'ct-lung': { title: 'CT, lung', text: 'From -1350 to 150 HU.', label: 'lung' },
  'ct-bone': { title: 'CT, bone', text: 'From -770 to 1730 HU.', label: 'bone' },
  'ct-head': { title: 'CT, head', text: 'From 0 to 80 HU: the brain, bleeding.', label: 'brain' },
  ct: { title: 'CT, own range', text: 'Between two values of your own.', label: '' },
  'mr-flair': {
    title: 'MR, FLAIR',
    text: 'Each scan to zero mean and unit variance; brain lesions and tumours.',
    label: 'lesion',
  },
  mr: { title: 'MR, any sequence', text: 'Each scan to zero mean and unit variance.', label: '' },
};

export class ProjectsState {
  recent = $state.raw<RecentProject[]>([]);
  making = $state(false);
  name = $state('');
  preset = $state<PresetName>('ct-kidney');
  /** Of a CT project with a range of its own, HU. */
  low = $state(-160);
  high = $state(240);
  place = $state.raw<ChosenFolder | null>(null);
  list = $state.raw(new LabelList([]));
  busy = $state(false);
  private readonly app: AppState;

  constructor(app: AppState) {
    this.app = app;
    this.list.add(PRESET_TEXTS['ct-kidney'].label);
  }

  async load(): Promise<void> {
    this.recent = (await this.app.attempt(() => this.app.client.call('projects.recent'))) ?? [];
  }

  choosePreset(preset: PresetName): void {
    const untouched =
      this.list.labels.length === 1 &&
      Object.values(PRESET_TEXTS).some((one) => one.label === this.list.labels[0].name);
    this.preset = preset;
    if (untouched) this.list.rename(0, PRESET_TEXTS[preset].label);
  }

  async choosePlace(): Promise<void> {
    this.place = (await this.app.chooseFolder('Where to keep the project')) ?? this.place;
  }

  get problem(): string {
    if (!this.name.trim()) return 'Give the project a name.';
    if (!this.place) return 'Choose where to keep it.';
    if (this.preset === 'ct' && !(this.low < this.high)) return 'The lower value must be below the higher one.';
    return this.list.problem;
  }

  async create(): Promise<void> {
    if (this.problem || !this.place || !this.app.mayCloseProject()) return;
    const { app, name, preset, place, low, high } = this;
    this.busy = true;
    const labels = $state.snapshot(this.list.labels);
    await app.enterBy(
      (stop) =>
        app.client.call('projects.create', {
          parent: place.folder,
          name: name.trim(),
          preset,
          labels,
          ...(preset === 'ct' ? { range: [low, high] as const } : {}),
          stop,
        }),
      () => app.go(app.leaving.chosen ?? 'cases'),
    );
    this.busy = false;
  }

  async open(folder: string): Promise<void> {
    if (!this.app.mayCloseProject()) return;
    this.busy = true;
    const first = this.app.fresh;
    const opened = await this.app.enterBy(
      (stop) => this.app.client.call('projects.open', { folder, stop }),
      // The first after a start goes on where it was left.
      () => {
        const { chosen } = this.app.leaving;
        this.app.go(chosen ?? 'cases');
        if (first && !chosen) void this.app.attempt(() => this.app.resume());
      },
    );
    this.busy = false;
    if (!opened) await this.load();
  }

  async openOther(): Promise<void> {
    const chosen = await this.app.chooseFolder('Open a project');
    if (chosen) await this.open(chosen.folder);
  }

  async forget(folder: string): Promise<void> {
    await this.app.attempt(() => this.app.client.call('projects.forget', { folder }));
    await this.load();
  }

  async demo(): Promise<void> {
    if (!this.app.mayCloseProject()) return;
    await this.app.enterBy((stop) => this.app.client.call('projects.demo', { stop }));
    await this.app.change({ welcomed: true });
  }
}
