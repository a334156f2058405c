import { Command, InvalidArgumentError, Option } from 'commander';
import { LABEL_SET_NAMES, LABEL_SETS, type LabelSetName } from '../../core/label-sets.ts';
import { PRESETS, type PresetName } from '../../core/options.ts';
import { type Output, result } from '../output.ts';
import { userPath } from '../place.ts';

interface LabelFlag {
  name: string;
  colour?: string;
}

const NAMED: Record<string, string> = {
  red: '#ff0000',
  green: '#00a000',
  blue: '#0060ff',
  yellow: '#f0e442',
  orange: '#e69f00',
  cyan: '#00c8d2',
  magenta: '#d000d0',
  purple: '#8000c0',
  pink: '#cc79a7',
  brown: '#8b5a2b',
  white: '#ffffff',
  grey: '#999999',
  gray: '#999999',
};

/** NAME or NAME:COLOUR, the colour as #rrggbb, rrggbb, #rgb or one of a few words. */
export function parseLabel(text: string, before: LabelFlag[] = []): LabelFlag[] {
  const at = text.lastIndexOf(':');
  const name = (at < 0 ? text : text.slice(0, at)).trim();
  if (name === '') throw new InvalidArgumentError(`It must be NAME or NAME:COLOUR, got ${text}.`);
  if (at < 0) return [...before, { name }];
  const given = text
    .slice(at + 1)
    .trim()
    .toLowerCase();
  const hex = given.replace(/^#/, '');
  const colour =
    NAMED[given] ??
    (/^[0-9a-f]{6}$/.test(hex)
      ? `#${hex}`
      : /^[0-9a-f]{3}$/.test(hex)
        ? `#${[...hex].map((c) => c + c).join('')}`
        : null);
  if (colour === null)
    throw new InvalidArgumentError(
      `The colour must be #rrggbb or one of ${Object.keys(NAMED).join(', ')}, got ${given}.`,
    );
  return [...before, { name, colour }];
}

/** LOW,HIGH as two numbers. */
export function parseRange(text: string): [number, number] {
  const [low, high, ...more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!Number.isFinite(low) || !Number.isFinite(high) || more.length > 0 || low >= high)
    throw new InvalidArgumentError(`It must be LOW,HIGH with LOW below HIGH, got ${text}.`);
  return [low, high];
}

export function newCommand(): Command {
  return new Command('new')
    .description('make a project folder')
    .argument('<DIR>', 'folder of the project, made when absent')
    .option(
      '--label <NAME[:COLOUR]>',
      'a structure to segment, repeat for several; value 1, 2, ... in masks',
      parseLabel,
    )
    .addOption(
      new Option(
        '--label-set <SET>',
        'labels that are often used together, with their coded terms; before those of --label',
      ).choices(LABEL_SET_NAMES),
    )
    .addOption(new Option('--preset <PRESET>', 'how intensities are read').choices(PRESETS).makeOptionMandatory())
    .option(
      '--range <LOW,HIGH>',
      "intensities that training clips to, HU; without it the preset's, widened to labels that it clips most of",
      parseRange,
    )
    .option('--name <NAME>', "the project's name; the folder's without it")
    .action(
      async (
        folder: string,
        flags: Output & {
          label?: LabelFlag[];
          labelSet?: LabelSetName;
          preset: PresetName;
          name?: string;
          range?: [number, number];
        },
        command: Command,
      ) => {
        if (!flags.label && !flags.labelSet)
          command.error("error: required option '--label <NAME[:COLOUR]>' or '--label-set <SET>' not specified");
        const { newProject } = await import('../../app.ts');
        const set = flags.labelSet ? LABEL_SETS[flags.labelSet].map((name): LabelFlag => ({ name })) : [];
        const labels = [...set, ...(flags.label ?? [])];
        const project = newProject(userPath(folder), {
          ...{ name: flags.name, preset: flags.preset, labels },
          ...(flags.range && { range: flags.range }),
        });
        try {
          const { name, preset, range } = project.store.project.get();
          const made = project.store.labels.list();
          result(flags, { folder: project.store.folder, name, preset, range, labels: made }, () =>
            [
              `Made project ${name} (${preset}) in ${project.store.folder}.`,
              ...made.map((label) => `  ${label.value}  ${label.name}  ${label.colour}`),
              `Next: decile import ${folder} SCANS_FOLDER`,
            ].join('\n'),
          );
        } finally {
          await project.close();
        }
      },
    );
}
