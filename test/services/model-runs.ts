/** Runs with a whole network that nobody trained: what model files are made of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { ModelDescription } from '../../src/core/model/description.ts';
import { initWeights } from '../../src/core/network/network.ts';
import { networkByName } from '../../src/core/network/networks.ts';
import type { SettledOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { Random } from '../../src/core/random.ts';
import { encodeNetwork } from '../../src/core/train/checkpoint.ts';
import { joinMembers } from '../../src/core/train/members.ts';
import type { NamedArray } from '../../src/core/train/safetensors.ts';
import { type Run, runFolder, type Store } from '../../src/project/store/index.ts';

export const OPTIONS: SettledOptions = {
  ...resolveOptions({ network: 'unet', width: 1, steps: 40 }),
  patch: [16, 16, 16],
  spacing: 'native',
  voxel: [1, 1.5, 3],
};

/** Random weights of the network that the options name, or of an ensemble's, as a model file keeps them. */
export const randomNetwork = (
  options: SettledOptions,
  classes: number,
  seed = 1,
  inputChannels = 1,
): Record<string, NamedArray> =>
  joinMembers(
    Array.from({ length: options.ensemble }, (_, n) => randomMember(options, classes, seed + n, inputChannels)),
  );

function randomMember(
  { network, width, plan, deepSupervision }: SettledOptions,
  classes: number,
  seed: number,
  inputChannels: number,
): Record<string, NamedArray> {
  const shape = { width, inputChannels, classes, deepSupervision: deepSupervision === 'on' };
  const weights = initWeights(networkByName(network, plan).shapes(shape), new Random(seed));
  return Object.fromEntries(
    Object.entries(weights).map(([name, tensor]) => {
      const values = tensor.dataSync() as Float32Array;
      tensor.dispose();
      return [name, { shape: tensor.shape, values }];
    }),
  );
}

/** What a model of these options says of itself. */
export function described(options: SettledOptions, channels: number, labels: number): ModelDescription {
  const { network, width, plan, deepSupervision, patch, spacing } = options;
  return {
    ...{ format: 1, program: 'Decile test', name: 'made up', patch: [...patch], spacing, voxel: [1, 1, 1] },
    labels: Array.from({ length: labels }, (_, n) => ({
      name: `label ${n + 1}`,
      colour: '#808080',
      term: null,
      pieces: null,
    })),
    channels: Array.from({ length: channels }, (_, n) => ({ name: `channel ${n + 1}`, normalisation: { kind: 'mr' } })),
    network: { kind: network, width, deepSupervision: deepSupervision === 'on', ...(plan && { plan }) },
    training: {
      ...{ step: 1, options, labelled: 1, unlabelled: 0, validation: 0, finished: '2026-01-02' },
      ...{ modalities: { MR: 1 }, orientations: { LPS: 1 } },
    },
    validation: null,
    heldOut: null,
  };
}

/** A finished run of the project's labels with a network of random weights. @param channels one without a name where they are absent */
export function finishedRun(
  store: Store,
  name: string,
  change: Partial<SettledOptions> = {},
  seed = 1,
  channels?: string[],
): Run {
  const options = { ...OPTIONS, ...change };
  const classes = store.labels.classes();
  const references = store.masks.references();
  const cases = store.scans.list().map(({ id }) => {
    const mask = references.get(id)?.id ?? null;
    return { scan: id, role: mask === null ? ('unlabelled' as const) : ('labelled' as const), mask };
  });
  const run = store.runs.create({ name, options, classes, cases });
  const folder = runFolder(run.id);
  mkdirSync(store.path(folder), { recursive: true });
  const told = {
    ...{ step: 40, options, classes },
    ...(channels && { channels: channels.map((one) => ({ name: one, normalisation: { kind: 'mr' } as const })) }),
  };
  writeFileSync(
    store.path(`${folder}/checkpoint.safetensors`),
    encodeNetwork(randomNetwork(options, classes.length, seed, channels?.length), told),
  );
  writeFileSync(store.path(`${folder}/normalisation.json`), '{"kind":"mr"}');
  store.checkpoints.add(run.id, 40, `${folder}/checkpoint.safetensors`);
  return store.runs.update(run.id, { state: 'finished', step: 40, finishedAt: '2026-03-04T05:06:07Z' });
}
