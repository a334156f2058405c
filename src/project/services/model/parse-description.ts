/** Checks what a model file says of itself: it may come from anywhere. */
import { z } from 'zod';
import { MODEL_FORMAT, type ModelDescription } from '../../../core/model/description.ts';
import { divisorsOf, type NetworkPlan } from '../../../core/network/plan.ts';
import { NETWORKS, OPTIONS, type TrainingOptions } from '../../../core/options.ts';
import { parseOption, resolveOptions } from '../../../core/parse-option.ts';

const count = z.number().int().nonnegative();
const positive = z.number().positive();
const triple = <T extends z.ZodType>(item: T) => z.tuple([item, item, item]);
const text = z.string().max(500);
const percent = z.number().min(0).max(100);

const normalisation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('mr') }),
  z.object({ kind: z.literal('pet') }),
  z.object({ kind: z.literal('ct'), clip: z.tuple([z.number(), z.number()]) }),
  z.object({ kind: z.literal('none') }),
]);

const label = z.object({
  name: text.min(1),
  colour: z.string().regex(/^#[0-9a-f]{6}$/),
  term: z.object({ scheme: text, code: text, meaning: text }).nullable(),
  pieces: z.number().int().positive().nullable(),
  rare: z.literal(true).optional(),
});

const perAxis = triple(z.union([z.literal(1), z.literal(2), z.literal(3)]));
const plan = z.object({
  channels: z.array(z.number().int().positive()).min(1).max(16),
  kernels: z.array(perAxis).max(16),
  pools: z.array(perAxis).max(16),
});

const description = z.object({
  format: z.literal(MODEL_FORMAT),
  program: text,
  name: text.min(1),
  labels: z.array(label).min(1).max(255),
  pieces: z.number().int().positive().nullish(),
  channels: z.array(z.object({ name: text, normalisation })).min(1),
  network: z.object({
    kind: z.enum(NETWORKS),
    width: z.number().int().min(1).max(64),
    deepSupervision: z.boolean(),
    plan: plan.optional(),
  }),
  region: z
    .object({ spacing: positive, patch: triple(z.number().int().min(16).max(4096).multipleOf(16)), width: count })
    .optional(),
  patch: triple(z.number().int().min(1).max(4096)),
  spacing: z.union([z.literal('native'), positive, triple(positive)]),
  voxel: triple(positive),
  training: z.object({
    step: count,
    options: z.record(z.string(), z.unknown()),
    labelled: count,
    unlabelled: count,
    validation: count,
    modalities: z.record(text, count),
    orientations: z.record(text, count),
    finished: text,
    startedFrom: text.optional(),
  }),
  validation: z.object({ scans: count, step: count, dice: percent, perLabel: z.array(percent) }).nullable(),
  heldOut: z
    .object({
      scans: count,
      labels: z.array(z.object({ name: text, dice: percent, hd95: z.number().nonnegative().nullable() })),
    })
    .nullable(),
});

/** The description as it is used; null where it is not one. */
export function parseDescription(told: unknown): ModelDescription | null {
  const parsed = description.safeParse(told);
  if (!parsed.success) return null;
  const { network, training, ...rest } = parsed.data;
  if ((network.kind === 'planned') !== (network.plan !== undefined)) return null;
  const divisors = network.plan ? divisorsOf(network.plan as NetworkPlan) : [16, 16, 16];
  if (rest.patch.some((side, axis) => side % divisors[axis] !== 0)) return null;
  const decided = { network: network.kind, width: network.width, patch: rest.patch, spacing: rest.spacing };
  const options = {
    ...readable(training.options),
    ...decided,
    voxel: rest.voxel,
    // A file without one predicts without one, whatever its run was told.
    region: rest.region ? ('auto' as const) : ('off' as const),
    ...(network.plan && { plan: network.plan }),
  };
  return { ...rest, network, training: { ...training, options } } as ModelDescription;
}

/** What another version added or allows is left out: the default stands in, for nothing of it is needed to predict. */
function readable(told: Record<string, unknown>): TrainingOptions {
  const options = OPTIONS.flatMap((row) => {
    try {
      const value = parseOption(row, told[row.key]);
      // A run has done some.
      return row.key === 'steps' && value === 'auto' ? [] : [[row.key, value]];
    } catch {
      return [];
    }
  });
  // Models of earlier versions read scans as they are stored.
  const before = { orientation: 'stored' } as const;
  return { ...resolveOptions({ steps: 1 }), ...before, ...Object.fromEntries(options) };
}
