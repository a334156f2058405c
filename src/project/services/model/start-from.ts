/** The weights that a run starts from: those of another run, or of a model file. */
import { existsSync, readFileSync } from 'node:fs';
import type { ModelLabel } from '../../../core/model/description.ts';
import { matchLabels, reordered } from '../../../core/model/labels.ts';
import { oneChannel } from '../../../core/model-channels.ts';
import { decodeCheckpoint, encodeNetwork, predictingMembersOf } from '../../../core/train/checkpoint.ts';
import { joinMembers } from '../../../core/train/members.ts';
import { DecileError } from '../../../shared/errors.ts';
import { type Label, type Run, runFolder, type StartedFrom, type Store } from '../../store/index.ts';
import { runForPrediction } from '../predict/predict.ts';
import type { StartWeights } from '../train/continued.ts';
import { MODEL_FILE } from './export-model.ts';
import { fineOf } from './import-model.ts';
import { readModel, type Tensors } from './model-file.ts';

interface Source extends Omit<StartWeights, 'bytes'> {
  labels: Pick<ModelLabel, 'name' | 'term'>[];
  /** The project's labels as they were when the weights came into it. */
  own: readonly Own[];
  tensors: Tensors;
}

type Own = Pick<Label, 'value' | 'name' | 'term'>;

/**
 * Reads the weights, with their outputs in the order of the project's labels.
 * @param named a run's name, or the path of a model file
 * @param path of that file
 * @throws model/ambiguous, model/unknown, model/labels, run/no-checkpoint, and what reading a model throws
 */
export async function startFrom(store: Store, named: string, path = named): Promise<StartWeights> {
  const runs = store.runs.list().map(({ name }) => name);
  const [isRun, isFile] = [runs.includes(named), existsSync(path)];
  if (isRun && isFile)
    throw new DecileError(
      'model/ambiguous',
      `--from must be the name of a run or a file, got ${named}, which is both.`,
      `Write ./${named} for the file, or move it away for the run.`,
    );
  if (!isRun && !isFile)
    throw new DecileError(
      'model/unknown',
      `--from must be one of the runs (${runs.join(', ') || 'the project has none'}) or a model file, got ${named}.`,
      'Check the spelling, or the path.',
    );
  const { tensors, labels, own, ...source } = isRun ? await sourceOfRun(store, named) : await sourceOfFile(store, path);
  const classes = store.labels.classes();
  const outputs = outputsOf(labels, own, store);
  const order = classes.map((_, value) => (value === 0 ? 0 : (outputs.get(value) ?? null)));
  const { options, channels, origin } = source;
  const bytes = encodeNetwork(reordered(fineOf(tensors), order), { step: origin.step, options, classes, channels });
  return { ...source, bytes };
}

async function sourceOfRun(store: Store, named: string): Promise<Source> {
  const run = runForPrediction(store, named);
  if (run.model) {
    // Its checkpoint has outputs for labels that the model does not know.
    const source = await sourceOfFile(store, store.path(`${runFolder(run.id)}/${MODEL_FILE}`));
    return { ...source, own: ownThen(store, run), origin: { ...source.origin, kind: 'run', name: run.name } };
  }
  const checkpoint = decodeCheckpoint(readFileSync(store.path(store.checkpoints.file(run.id)!)));
  const { options, classes, step, channels = oneChannel({ kind: 'none' }) } = checkpoint.meta;
  return {
    origin: { kind: 'run', name: run.name, step },
    labels: classes.slice(1).map((name) => ({ name, term: null })),
    own: ownThen(store, run),
    tensors: joinMembers(predictingMembersOf(checkpoint)),
    ...{ options, channels },
  };
}

async function sourceOfFile(store: Store, path: string): Promise<Source> {
  const { description, tensors, sha256 } = await readModel(path);
  const { labels, channels, training, name } = description;
  const origin: StartedFrom = { kind: 'file', name, step: training.step, sha256 };
  return { origin, options: training.options, channels, labels, own: store.labels.list(), tensors };
}

/** The labels that a run's outputs are of: by value, since they may have been renamed. */
function ownThen(store: Store, { classes }: Run): Own[] {
  const terms = new Map(store.labels.list().map(({ value, term }) => [value, term]));
  return classes.map((name, value) => ({ value, name, term: terms.get(value) ?? null })).slice(1);
}

/** The output of each of the project's label values. @throws model/labels where one side has a label that the other lacks */
function outputsOf(labels: Source['labels'], then: readonly Own[], store: Store): Map<number, number> {
  const own = store.labels.list();
  // Values without a label have outputs too, and their names are nobody's.
  const named = labels.flatMap((label, n) => (label.name === `unused ${n + 1}` ? [] : [{ ...label, output: n + 1 }]));
  const outputs = new Map(matchLabels(named, then).map(({ value }, n) => [value, named[n].output]));
  const unknown = own.filter(({ value }) => !outputs.has(value)).map(({ name }) => name);
  if (unknown.length > 0)
    throw new DecileError(
      'model/labels',
      `The labels of a model must be the project's (${own.map(({ name }) => name).join(', ')}), got none for ${unknown.join(', ')}.`,
      'A network learns a new label from the start alone: train anew, `decile train DIR` without --from.',
    );
  return outputs;
}
