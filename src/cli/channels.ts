/** Names of channels as a user types them. */
import { InvalidArgumentError } from 'commander';
import { CHANNEL_KINDS, MOST_CHANNELS } from '../core/model-channels.ts';
import type { NamedChannel } from '../project/services/import/channel-groups.ts';

/** `t1,ct,pet` or `a:mr,b:ct`; `none` for scans of one channel. */
export function parseChannels(text: string): NamedChannel[] | 'none' {
  if (text === 'none') return 'none';
  const channels = text.split(',').map((part): NamedChannel => {
    const [, name, kind] = /^(.*?)(?::(\w+))?$/.exec(part.trim()) ?? [];
    if (!name)
      throw new InvalidArgumentError(`It must be names with commas between them, got ${JSON.stringify(text)}.`);
    if (kind === undefined) return { name };
    const known = CHANNEL_KINDS.find((one) => one === kind.toLowerCase());
    if (!known) throw new InvalidArgumentError(`A kind must be one of ${CHANNEL_KINDS.join(', ')}, got ${kind}.`);
    return { name, kind: known };
  });
  if (channels.length > MOST_CHANNELS)
    throw new InvalidArgumentError(`It must be at most ${MOST_CHANNELS} names, got ${channels.length}.`);
  const names = channels.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice) throw new InvalidArgumentError(`Each channel must have its own name, got ${twice} twice.`);
  return channels;
}
