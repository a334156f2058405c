import { Command } from 'commander';
import { type Output, result, table } from '../output.ts';
import { withProject } from './common.ts';

export function measurementsCommand(): Command {
  return new Command('measurements')
    .description('list rulers, angles and regions that were measured')
    .argument('<DIR>', 'the project')
    .argument('[SCAN...]', 'names of scans; all without')
    .action((folder: string, names: string[], flags: Output) =>
      withProject(folder, 'read', async ({ store }) => {
        // Loaded here, so that no other command carries the store along.
        const { scansOf } = await import('../../project/services/review/decide-scans.ts');
        const { measuredOn } = await import('../../project/services/review/measured.ts');
        const measurements = measuredOn(store, names.length > 0 ? scansOf(store, names) : store.scans.list());
        result(flags, { measurements }, () =>
          measurements.length === 0
            ? 'Nothing was measured.'
            : table(
                ['scan', 'kind', 'plane', 'slice', 'mm', 'degrees', 'mm2', 'mean', 'sd', 'channel'],
                measurements.map(({ scan, kind, plane, slice, channel, ...figures }) => [
                  ...[scan, kind, plane, slice],
                  ...[figures.lengthMm, figures.angleDegrees, figures.areaMm2, figures.mean, figures.sd].map(rounded),
                  channel,
                ]),
              ),
        );
      }),
    );
}

const rounded = (value: number | null): string => value?.toFixed(2) ?? '';
