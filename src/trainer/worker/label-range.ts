/** The CT window of a run: before it begins, the labelled scans tell whether it holds what is to be told apart. */
import { type ModelChannel, sameChannel } from '../../core/model-channels.ts';
import { LabelIntensities, MOST } from '../../core/train/label-intensities.ts';
import type { Normalisation } from '../../core/train/preprocess.ts';
import type { TrainingCase } from '../../shared/training.ts';
import { channelFiles } from './case-channels.ts';
import type { Control, Report, TrainerFiles } from './dependencies.ts';

/** So many labelled scans are read for it, spread over the list. */
const SCANS = 16;

type CT = Extract<Normalisation, { kind: 'ct' }>;

export interface LabelRangeJob {
  labelled: readonly TrainingCase[];
  /** Background first. */
  classes: readonly string[];
  /** Of the weights that the run starts from: what they have learned from is kept. */
  startChannels?: readonly ModelChannel[];
  report: Report;
  control: Control;
  files: TrainerFiles;
}

/**
 * The channels with the window that the run clips to: where nobody chose one, the preset's, widened to the labels that it clips most of,
 * which is said. A chosen one stays; that it clips most of a label is said. Scans that cannot be read are left to what prepares them.
 */
export async function withLabelRanges(channels: readonly ModelChannel[], job: LabelRangeJob): Promise<ModelChannel[]> {
  const settled: ModelChannel[] = [];
  for (const [n, channel] of channels.entries()) {
    const { normalisation } = channel;
    if (normalisation.kind !== 'ct') {
      settled.push(channel);
      continue;
    }
    const start = normalisation.widen && job.startChannels?.[n]?.normalisation;
    const clip = start && start.kind === 'ct' ? start.clip : await rangeOf(channel, normalisation, channels, job);
    settled.push({ ...channel, normalisation: { kind: 'ct', clip } });
  }
  return settled;
}

async function rangeOf(
  channel: ModelChannel,
  { clip, widen }: CT,
  channels: readonly ModelChannel[],
  job: LabelRangeJob,
): Promise<CT['clip']> {
  const held = await heldBy(channel, channels, job);
  const of = channels.length > 1 ? ` of ${channel.name}` : '';
  if (widen) {
    const wider = held.widen(clip);
    if (wider[0] < clip[0] || wider[1] > clip[1])
      job.report({
        type: 'notice',
        message: `Most of a label lies outside the preset's ${clip.join(' to ')} HU${of}: training clips to ${wider.join(' to ')} HU.`,
      });
    return wider;
  }
  held.clipped(clip).forEach((share, n) => {
    if (share > MOST)
      job.report({
        type: 'notice',
        message: `${Math.round(100 * share)} % of ${job.classes[n + 1]} lies outside ${clip.join(' to ')} HU${of}, where training sees no differences: set another range (\`decile range DIR -- ${held.widen(clip).join(',')}\`, or the project's labels and intensities).`,
      });
  });
  return clip;
}

async function heldBy(
  channel: ModelChannel,
  channels: readonly ModelChannel[],
  { labelled, classes, control, files }: LabelRangeJob,
): Promise<LabelIntensities> {
  const held = new LabelIntensities(classes.length);
  const count = Math.min(SCANS, labelled.length);
  for (let n = 0; n < count && !control.cancelled; n++) {
    const item = labelled[Math.floor((n * labelled.length) / count)];
    try {
      const file = channelFiles(item, channels).find((one) => one && sameChannel(one.name, channel.name));
      if (!file || !item.maskPath) continue;
      const [{ volume }, mask] = [await files.readVolume(file.path, file.part), await files.readMask(item.maskPath)];
      if (volume.data.length === mask.data.length) held.add(volume.data, mask.data);
    } catch {}
    await new Promise(setImmediate);
  }
  return held;
}
