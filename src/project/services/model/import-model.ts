/** A model file becomes a run to predict with, without training data. */

import { join } from 'node:path';
import type { ModelDescription } from '../../../core/model/description.ts';
import { matchLabels, reordered } from '../../../core/model/labels.ts';
import { noneOf, sameChannel } from '../../../core/model-channels.ts';
import { LONGEST_NAME } from '../../../core/name-limit.ts';
import { encodeNetwork } from '../../../core/train/checkpoint.ts';
import { writeFileAtomic } from '../../../disk/index.ts';
import { checkpointFile, type Run, type Store } from '../../store/index.ts';
import { beginRun } from '../train/run-folder.ts';
import { MODEL_FILE, REGION_FILE } from './export-model.ts';
import { decodeModel, type ModelFile, REGION, readModel, type Tensors } from './model-file.ts';

export interface ImportModelRequest {
  path: string;
  /** What is in the file, where it does not lie on this machine. */
  content?: Uint8Array;
  /** Name of the run; the model's own without it, numbered where that is taken. */
  name?: string;
}

export interface ModelImport {
  run: Run;
  description: ModelDescription;
  /** The same model was in the project before: `run` is that one. */
  known: boolean;
  /** What the user should know. */
  notices: string[];
}

/**
 * Brings a model in. Its outputs become the project's labels of the same name or coded term.
 * @throws model/not-a-model, model/damaged, model/version, model/labels, channels/none, run/name-taken, and what reading a file throws
 */
export async function importModel(store: Store, { path, content, name }: ImportModelRequest): Promise<ModelImport> {
  const model = await (content ? decodeModel(content, path) : readModel(path));
  const { description, sha256 } = model;
  checkChannels(store, description);
  const labels = matchLabels(description.labels, store.labels.list());
  // One that came when the labels had other names or values gives its masks to other labels than it would now.
  const alike = ({ classes }: Run) => labels.every(({ value, name }) => classes[value] === name);
  const known = store.runs.list().find((run) => run.model?.sha256 === sha256 && alike(run));
  const notices = noticesFor(store, description);
  if (known && (name === undefined || known.name === name)) return { run: known, description, known: true, notices };
  const classes = store.labels.classes();
  const bytes = asCheckpoint(model, store, classes);
  const coarse = coarseCheckpoint(model);
  const { options, step } = description.training;
  const made = {
    name: name ?? freeName(store, description.name.slice(0, LONGEST_NAME - 4)),
    model: { sha256, description },
  };
  const run = beginRun(
    store,
    () => store.runs.create({ ...made, options, classes, cases: [] }),
    (folder, { id }) => {
      writeFileAtomic(join(folder, MODEL_FILE), model.bytes);
      writeFileAtomic(store.path(checkpointFile(id)), bytes);
      if (coarse) writeFileAtomic(join(folder, REGION_FILE), coarse);
      store.checkpoints.add(id, step, checkpointFile(id));
      store.runs.update(id, { state: 'finished', step, finishedAt: new Date().toISOString() });
    },
  );
  return { run, description, known: false, notices };
}

/** A model that can see no scan of the project would become a run that nothing can be done with. */
function checkChannels(store: Store, { channels }: ModelDescription): void {
  const own = store.channels.list().map(({ name }) => name);
  const [scan] = store.scans.list();
  if (!scan) return;
  const seen = channels.map(({ name }) => name);
  if (own.length === 0 ? seen.length > 1 : !seen.some((name) => own.some((one) => sameChannel(name, one))))
    throw noneOf(seen, { name: scan.name, channels: own });
}

/** The network in the project's classes, as the trainer reads it. */
function asCheckpoint(
  { description, tensors }: Pick<ModelFile, 'description' | 'tensors'>,
  store: Store,
  classes: string[],
): Uint8Array {
  const values = matchLabels(description.labels, store.labels.list()).map(({ value }) => value);
  const order = classes.map((_, value) => {
    if (value === 0) return 0;
    const output = values.indexOf(value);
    return output < 0 ? null : output + 1;
  });
  const { options, step } = description.training;
  const rare = values.filter((_, n) => description.labels[n].rare);
  return encodeNetwork(reordered(fineOf(tensors), order), {
    ...{ step, options, classes, channels: description.channels },
    ...(rare.length > 0 && { rare }),
  });
}

/** Without the coarse model. */
export const fineOf = (tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.startsWith(REGION)));

/** The coarse model as the trainer reads it; null where there is none. */
function coarseCheckpoint({ description, tensors }: ModelFile): Uint8Array | null {
  const { region, training, channels } = description;
  if (!region) return null;
  const coarse = Object.entries(tensors).flatMap(([name, tensor]) =>
    name.startsWith(REGION) ? [[name.slice(REGION.length), tensor]] : [],
  );
  const options = { ...training.options, ...region, network: 'unet', plan: undefined, deepSupervision: 'off' } as const;
  const told = { step: training.step, options, classes: ['background', 'any label'], channels };
  return encodeNetwork(Object.fromEntries(coarse), told);
}

function freeName(store: Store, wanted: string): string {
  const taken = new Set(store.runs.list().map(({ name }) => name));
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`;
    if (!taken.has(name)) return name;
  }
}

function noticesFor(store: Store, { labels, channels }: ModelDescription): string[] {
  const known = new Set(matchLabels(labels, store.labels.list()).map(({ value }) => value));
  const others = store.labels.list().filter(({ value }) => !known.has(value));
  const notices: string[] = [];
  if (others.length > 0)
    notices.push(`The model does not know ${others.map(({ name }) => name).join(', ')}: it never predicts that.`);
  const scans = store.scans.list();
  const own = store.channels.list();
  const lacking = channels.filter(({ name }) => !own.some((one) => sameChannel(one.name, name)));
  if (own.length > 0 && scans.length > 0 && lacking.length > 0)
    notices.push(`The model also learned from ${lacking.map(({ name }) => name).join(', ')}, which no scan here has.`);
  const [ct, ours] = [channels[0].normalisation.kind === 'ct', store.project.get().preset.startsWith('ct')];
  if (channels.length === 1 && ct !== ours)
    notices.push(
      `The model learned from ${ct ? 'CT' : 'MR'}, and the project is for ${ours ? 'CT' : 'MR'}: look at its masks with care.`,
    );
  return notices;
}
