/** A run's model as one file that travels. */

import { existsSync, readFileSync } from 'node:fs';
import type { ModelDescription } from '../../../core/model/description.ts';
import { reordered } from '../../../core/model/labels.ts';
import { oneChannel } from '../../../core/model-channels.ts';
import { decodeCheckpoint, networkOf, predictingMembersOf } from '../../../core/train/checkpoint.ts';
import { parseNormalisation } from '../../../core/train/kept-normalisation.ts';
import { joinMembers } from '../../../core/train/members.ts';
import { streamFileAtomic, writeAll } from '../../../disk/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { ModelFormat } from '../../../shared/export-formats.ts';
import { type Run, runFolder, type Store } from '../../store/index.ts';
import { runForPrediction } from '../predict/predict.ts';
import { describeModel } from './describe.ts';
import { encodeModel, type ModelFile, REGION, readModel, type Tensors } from './model-file.ts';
import { encodeOnnx } from './onnx-file.ts';

export interface ExportModelRequest {
  /** Its folder must exist; a file of that name is replaced. */
  path: string;
  /** Name of the run; the latest finished one without it. */
  run?: string;
  /** `safetensors` without it: a model file, which `decile` reads again. */
  format?: ModelFormat;
}

export interface ExportedModel {
  run: Run;
  path: string;
  bytes: number;
  description: ModelDescription;
}

/**
 * Writes the network that predicts, with everything that prediction needs, whole or not at all.
 * @throws run/unknown, run/none-finished, run/no-checkpoint, and what writing a file throws
 */
export async function exportModel(store: Store, request: ExportModelRequest): Promise<ExportedModel> {
  const { run, description, content } = await modelContent(store, request);
  await streamFileAtomic(request.path, (file) => writeAll(file, content));
  return { run, path: request.path, bytes: content.length, description };
}

/** What `exportModel` writes, for whoever keeps it elsewhere. */
export async function modelContent(
  store: Store,
  { run: name, format = 'safetensors' }: Omit<ExportModelRequest, 'path'>,
): Promise<{ run: Run; description: ModelDescription; content: Uint8Array }> {
  const run = runForPrediction(store, name);
  const { description, tensors, bytes } = await modelOfRun(store, run);
  const content = format === 'onnx' ? encodeOnnx(description, tensors) : (bytes ?? encodeModel(description, tensors));
  return { run, description, content };
}

type RunModel = Pick<ModelFile, 'description' | 'tensors'> & { bytes?: Uint8Array };

/** The network that a run predicts with; an imported model is its file, byte for byte. */
async function modelOfRun(store: Store, run: Run): Promise<RunModel> {
  const folder = store.path(runFolder(run.id));
  if (run.model) return readModel(`${folder}/${MODEL_FILE}`);
  const checkpoint = decodeCheckpoint(readFileSync(store.path(store.checkpoints.file(run.id)!)));
  const { meta } = checkpoint;
  const kept = () => parseNormalisation(readFileSync(`${folder}/normalisation.json`, 'utf8'));
  const channels = meta.channels ?? oneChannel(kept());
  // Values without a label have outputs too, which nobody wants.
  const values = meta.classes.flatMap((name, value) => (value === 0 || name === `unused ${value}` ? [] : [value]));
  const tensors: Tensors = reordered(joinMembers(predictingMembersOf(checkpoint)), [0, ...values]);
  const description = await describeModel(store, run, meta, channels, values);
  return withRegion(run, `${folder}/${REGION_FILE}`, { description, tensors });
}

/** The coarse model of `--region auto` goes along. @throws run/no-checkpoint where the run had one that is gone */
function withRegion({ name, options }: Run, path: string, model: RunModel): RunModel {
  if (!existsSync(path)) {
    if (options.region !== 'auto') return model;
    throw new DecileError(
      'run/no-checkpoint',
      `A run must have a checkpoint to predict with, got none of the coarse model of ${name}.`,
      `Put ${path} back from a copy of the project, or train again.`,
    );
  }
  const checkpoint = decodeCheckpoint(readFileSync(path));
  const { spacing, patch, width } = checkpoint.meta.options;
  const coarse = Object.entries(networkOf(checkpoint, 'student')).map(([name, tensor]) => [`${REGION}${name}`, tensor]);
  return {
    description: { ...model.description, region: { spacing: Number(spacing), patch: [...patch], width } },
    tensors: { ...model.tensors, ...Object.fromEntries(coarse) },
  };
}

/** In the folder of an imported run: the file as it came. */
export const MODEL_FILE = 'model.safetensors';
/** In the folder of a run with `--region auto`: the coarse model. */
export const REGION_FILE = 'region.safetensors';
