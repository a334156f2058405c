/** The channels of a project as the trainer sees them; undefined where scans have one without a name. */
import { type ModelChannel, normalisationOfChannel } from '../../../core/model-channels.ts';
import type { ChannelFile } from '../../../shared/training.ts';
import type { Store } from '../../store/index.ts';

/** What a network trained here sees. */
export function modelChannels(store: Store): ModelChannel[] | undefined {
  const channels = store.channels.list();
  if (channels.length === 0) return undefined;
  const { preset, range } = store.project.get();
  return channels.map(({ name, kind }) => ({ name, normalisation: normalisationOfChannel(kind, preset, range) }));
}

/** The channels that a scan has. */
export function channelFilesOf(store: Store, scan: number): ChannelFile[] | undefined {
  const channels = store.channels.of(scan);
  if (channels.length === 0) return undefined;
  return channels.map(({ name, file }) => ({ name, path: store.path(file) }));
}
