/** A model card: what a model was trained on, how good it is where it was measured, and what it is not for. */
import { completeMembers } from '../train/members.ts';
import type { ModelDescription } from './description.ts';

const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');

const millimetres = (sides: readonly number[]): string => `${sides.map((mm) => +mm.toFixed(3)).join(' x ')} mm`;

function normalisationInWords({ channels }: ModelDescription): string {
  const words = channels.map(({ normalisation: n }) => {
    if (n.kind === 'none') return 'as stored';
    return n.kind === 'ct'
      ? `clipped to ${n.clip[0]} to ${n.clip[1]} HU, then zero mean and unit variance`
      : 'zero mean and unit variance over the voxels above 0';
  });
  return channels.length === 1 ? words[0] : channels.map(({ name }, n) => `${name}: ${words[n]}`).join('; ');
}

/** The card as Markdown. */
export function modelCard(model: ModelDescription): string {
  const { training, network, validation, heldOut, patch, spacing } = model;
  const { options } = training;
  const members = completeMembers(training.step, options);
  const voxel = spacing === 'native' ? `the scans' own (median ${millimetres(model.voxel)})` : millimetres(model.voxel);
  const labels = model.labels.map(({ name, term }) =>
    term ? `- ${name} (${term.scheme} ${term.code}, ${term.meaning})` : `- ${name}`,
  );
  return [
    `# ${model.name}`,
    '',
    'A segmentation model for research. It is not a medical device and not for diagnosis: every mask needs a look by somebody who can judge it.',
    '',
    '## What it draws',
    ...labels,
    '',
    '## What it learned from',
    `- ${training.labelled} labelled and ${training.unlabelled} unlabelled scans${training.labelled > 0 ? ` (labelled: ${list(training.modalities)}; voxel axes: ${list(training.orientations)})` : ''}`,
    `- method ${options.method}, ${training.step} of ${options.steps} steps${members > 1 ? ` of ${members} networks, whose mean predicts` : ''}, finished ${training.finished}${training.startedFrom ? `, from the weights of ${training.startedFrom}` : ''}`,
    '',
    '## How good it was',
    ...(validation
      ? [
          `- validation (${validation.scans} scans, not learned from; used to watch the training): Dice ${validation.dice.toFixed(1)} %${model.labels.length > 1 ? ` (${model.labels.map(({ name }, n) => `${name} ${validation.perLabel[n].toFixed(1)}`).join(', ')})` : ''}`,
        ]
      : []),
    ...(heldOut
      ? heldOut.labels.map(
          ({ name, dice, hd95 }) =>
            `- ${heldOut.scans} scans that it did not learn from: ${name} Dice ${dice.toFixed(1)} %${hd95 === null ? '' : `, 95HD ${hd95.toFixed(1)} mm`}`,
        )
      : []),
    ...(validation || heldOut ? [] : ['- never measured on scans that it did not learn from']),
    '',
    '## What it expects',
    `- voxel size: ${voxel}; window of ${patch.join(' x ')} voxels`,
    `- intensities: ${normalisationInWords(model)}`,
    `- network ${network.kind}, width ${network.width}; written by ${model.program}`,
    '',
  ].join('\n');
}
