/** Tables channels and scan_channels. */
import { checkedName } from '../../core/name-limit.ts';
import { DecileError } from '../../shared/errors.ts';
import { type Db, prepared } from './database.ts';
import type { Channel, ScanChannel } from './types.ts';

export interface ChannelRepository {
  /** Those of the project's scans, in order; none where scans have one channel without a name. */
  list(): Channel[];
  /**
   * Gives a project its channels; the same again changes nothing.
   * @throws channels/other where it has others, or scans without names
   */
  set(channels: readonly Channel[]): void;
  /** Those that a scan has, in order, each with its file; none for a scan of one channel without a name. */
  of(scan: number): ScanChannel[];
  /** Adds the file of a channel to a scan. @throws channels/other where the project has no channel of the name */
  add(scan: number, name: string, file: string): void;
}

export function channelRepository(db: Db): ChannelRepository {
  const list = (): Channel[] => prepared(db, 'SELECT name, kind FROM channels ORDER BY place').all() as Channel[];
  const other = (expected: string, got: string) =>
    new DecileError(
      'channels/other',
      `The scans of a project must have ${expected}, got ${got}.`,
      'Import them into another project, or name their channels with --channels as this project does.',
    );
  const names = (channels: readonly Channel[]) => channels.map(({ name }) => name).join(', ');
  return {
    list,
    set(channels) {
      const known = list();
      const same = (a: Channel, b: Channel | undefined) =>
        a.name.toLowerCase() === b?.name.toLowerCase() && a.kind === b.kind;
      if (known.length > 0) {
        if (known.length === channels.length && known.every((channel, n) => same(channel, channels[n]))) return;
        throw other(`the channels ${names(known)}`, names(channels));
      }
      if (prepared(db, 'SELECT 1 FROM scans LIMIT 1').get())
        throw other('one channel, as those before', names(channels));
      channels.forEach(({ name, kind }, place) => {
        checkedName('channel', name);
        prepared(db, 'INSERT INTO channels VALUES (?, ?, ?)').run(place, name, kind);
      });
    },
    of: (scan) =>
      prepared(
        db,
        'SELECT name, kind, file FROM scan_channels JOIN channels USING (place) WHERE scan = ? ORDER BY place',
      ).all(scan) as ScanChannel[],
    add(scan, name, file) {
      const row = prepared(db, 'SELECT place FROM channels WHERE name = ?').get(name) as { place: number } | undefined;
      if (!row) throw other(`the channels ${names(list())}`, name);
      prepared(db, 'INSERT INTO scan_channels VALUES (?, ?, ?)').run(scan, row.place, file);
    },
  };
}
