/** The channels of the open case: layers of one scan, of which one is on the screen. */

import type { Volume } from '../../../core/volume.ts';
import type { ChannelInfo, Client, ScanDetail } from '../../../shared/contract/index.ts';
import type { CaseDisplay } from '../../viewer/case-display.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import { loadChannel } from '../../viewer/case-loader.ts';
import type { Window } from '../../viewer/window.ts';

/** What channels need of the screen. */
export interface ChannelsHost {
  readonly client: Client;
  readonly detail: ScanDetail | null;
  readonly editor: CaseEditor | null;
  readonly display: CaseDisplay | null;
  readonly look: { readonly window: Window; suitChannel(channel: ChannelInfo, kept: Window | undefined): void };
  readonly tools: { suit(percentiles: readonly [number, number]): void };
  refuse(error: unknown): void;
}

export class Channels {
  /** Those that the case has; none where it has one without a name. */
  list = $state.raw<readonly ChannelInfo[]>([]);
  /** Place in the list of the one on the screen. */
  shown = $state(0);
  private readonly screen: ChannelsHost;
  private readonly volumes = new Map<number, Promise<Volume>>();
  /** By name: the windows that channels were left with. */
  private readonly windows = new Map<string, Window>();
  /** Stays from case to case. */
  private wanted = '';

  constructor(screen: ChannelsHost) {
    this.screen = screen;
  }

  /** The name of the channel on the screen; '' where there is but one. */
  get name(): string {
    return this.list[this.shown]?.name ?? '';
  }

  /** Another case is there, with its first channel on the screen; the one that was looked at before comes next. */
  enter(scan: Volume): void {
    this.volumes.clear();
    this.list = this.screen.detail?.channels ?? [];
    this.shown = 0;
    this.volumes.set(0, Promise.resolve(scan));
    const at = this.list.findIndex(({ name }) => name === this.wanted);
    if (at > 0) void this.show(at);
  }

  /** Puts a channel on the screen; strokes, planes and zoom stay. */
  async show(at: number): Promise<void> {
    const { screen } = this;
    const { detail, editor, display } = screen;
    const channel = this.list[at];
    if (!channel || !detail || !editor || !display || at === this.shown) return;
    this.wanted = channel.name;
    try {
      const known = this.volumes.get(at) ?? loadChannel(screen.client, detail, at);
      this.volumes.set(at, known);
      const volume = await known;
      // Another channel or case may have been asked for meanwhile.
      if (screen.editor !== editor || this.wanted !== channel.name || at === this.shown) return;
      const before = this.list[this.shown];
      if (before) this.windows.set(before.name, screen.look.window);
      display.show(volume, channel.percentiles);
      editor.show(volume);
      this.shown = at;
      screen.look.suitChannel(channel, this.windows.get(channel.name));
      screen.tools.suit(channel.percentiles);
    } catch (error) {
      this.volumes.delete(at);
      if (screen.editor === editor) screen.refuse(error);
    }
  }
}
