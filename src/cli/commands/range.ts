import { Command } from 'commander';
import { normalisationOfPreset } from '../../core/model-channels.ts';
import type { PresetName } from '../../core/options.ts';
import type { Normalisation } from '../../core/train/preprocess.ts';
import { notice, type Output, result } from '../output.ts';
import { withProject } from './common.ts';
import { parseRange } from './new.ts';

/** Of a project of CT. */
function rangeText({ preset, range }: { preset: PresetName; range: readonly [number, number] | null }): string {
  const { clip, widen } = normalisationOfPreset(preset, range) as Extract<Normalisation, { kind: 'ct' }>;
  return `${clip.join(' to ')} HU${widen ? ', more where that clips most of a label' : ''}`;
}

export function rangeCommand(): Command {
  return new Command('range')
    .description('intensities that training clips a CT project to, from the next run on')
    .argument('<DIR>', 'the project')
    .argument(
      '<LOW,HIGH>',
      "HU, e.g. -160,240; `auto`: the preset's, widened to labels that it clips most of",
      (text: string) => (text === 'auto' ? null : parseRange(text)),
    )
    .action((folder: string, range: [number, number] | null, flags: Output) =>
      withProject(folder, 'write', async ({ store }) => {
        const before = store.runs.list().length;
        const project = store.project.setRange(range);
        if (before > 0)
          notice(
            flags,
            `${before} earlier ${before === 1 ? 'run' : 'runs'} used another range and keep it: their figures say little about this one.`,
          );
        result(flags, { range: project.range, earlierRuns: before }, `Training clips to ${rangeText(project)}.`);
      }),
    );
}
