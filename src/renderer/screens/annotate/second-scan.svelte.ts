/** A second scan of the patient, or another channel, beside the open one or blended over it; one camera moves both. */
import type { Volume } from '../../../core/volume.ts';
import type { Client, ScanDetail } from '../../../shared/contract/index.ts';
import { loadChannel, loadCompanion } from '../../viewer/case-loader.ts';
import { presetsOf, type Window } from '../../viewer/window.ts';

/** What it needs of the screen. */
export interface SecondHost {
  readonly client: Client;
  readonly detail: ScanDetail | null;
  refuse(error: unknown): void;
}

/** One that can be shown. */
export interface SecondChoice {
  /** `channel 1` or `scan 7`. */
  readonly key: string;
  readonly text: string;
}

export class SecondScan {
  /** The key of the one that is shown or on its way; '' for none. */
  key = $state('');
  volume = $state.raw<Volume | null>(null);
  name = $state('');
  window = $state.raw<Window>({ level: 0, width: 1 });
  how = $state<'beside' | 'over'>('beside');
  /** 0..1 of the one that is blended over. */
  share = $state(0.5);
  /** Key of the last one, for switching it off and on. */
  private last = '';
  private readonly screen: SecondHost;

  constructor(screen: SecondHost) {
    this.screen = screen;
  }

  readonly choices = $derived.by((): SecondChoice[] => {
    const { channels = [], companions = [] } = this.screen.detail ?? {};
    return [
      ...(channels.length > 1 ? channels.map(({ name }, n) => ({ key: `channel ${n}`, text: name })) : []),
      ...companions.map(({ scan, name, sameFrame }) => ({
        key: `scan ${scan}`,
        text: sameFrame === false ? `${name} (other frame of reference: may not line up)` : name,
      })),
    ];
  });

  /** Another case: what lay beside the last one is not of this patient. */
  close(): void {
    [this.key, this.volume, this.name, this.last] = ['', null, '', ''];
  }

  toggle(): void {
    void this.show(this.key ? '' : this.last || (this.choices[0]?.key ?? ''));
  }

  async show(key: string): Promise<void> {
    const { detail, client } = this.screen;
    if (!detail || key === this.key) return;
    this.key = key;
    this.volume = null;
    if (!key) return;
    this.last = key;
    try {
      const found = await load(client, detail, key);
      // Another one or another case may have been asked for meanwhile.
      if (this.key !== key || this.screen.detail?.id !== detail.id) return;
      this.name = found.name;
      this.window = presetsOf(found.modality, found.percentiles)[0];
      this.volume = found.volume;
    } catch (error) {
      if (this.key !== key) return;
      this.key = '';
      this.screen.refuse(error);
    }
  }
}

interface Found {
  name: string;
  modality: string;
  percentiles: readonly [number, number];
  volume: Volume;
}

async function load(client: Client, detail: ScanDetail, key: string): Promise<Found> {
  const [kind, number] = key.split(' ');
  if (kind === 'channel') {
    const channel = detail.channels?.[Number(number)];
    const volume = await loadChannel(client, detail, Number(number));
    return {
      ...{ name: channel?.name ?? '', modality: channel?.kind === 'ct' ? 'CT' : 'MR', volume },
      percentiles: channel?.percentiles ?? detail.percentiles,
    };
  }
  const { detail: other, volume } = await loadCompanion(client, Number(number));
  return { name: other.name, modality: other.modality, percentiles: other.percentiles, volume };
}
