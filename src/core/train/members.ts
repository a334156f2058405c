/**
 * An ensemble: networks that learn one after another, each from first weights and patches of its own; the mean of their probabilities
 * predicts (Lakshminarayanan, Pritzel and Blundell, "Simple and scalable predictive uncertainty estimation using deep
 * ensembles", NeurIPS 2017). Beyond the paper.
 */
import type { TrainingOptions } from '../options.ts';
import type { NamedArray } from './safetensors.ts';

type Members = Pick<TrainingOptions, 'steps'> & Partial<Pick<TrainingOptions, 'ensemble'>>;

/** The steps of one member. */
export interface Turn {
  /** From 0. */
  member: number;
  /** Its first step. */
  first: number;
  /** How many it has: each member has a whole schedule of its own. */
  steps: number;
}

/** @param member from 0, to the number of members, which begins where the run ends */
const firstOf = (member: number, { steps, ensemble = 1 }: Members): number => Math.ceil((member * steps) / ensemble);

/** The steps of a member; those of the run are shared equally. Runs of earlier versions have one member. */
export function turnOf(member: number, options: Members): Turn {
  const first = firstOf(member, options);
  return { member, first, steps: firstOf(member + 1, options) - first };
}

/** The turn that a step of the run belongs to; the last one's from the run's end on. */
export function turnAt(step: number, options: Members): Turn {
  const { steps, ensemble = 1 } = options;
  return turnOf(Math.min(ensemble - 1, Math.floor((step * ensemble) / steps)), options);
}

/** All turns of a run, in their order. */
export const turnsOf = (options: Members): Turn[] =>
  Array.from({ length: options.ensemble ?? 1 }, (_, member) => turnOf(member, options));

/** @returns members that have done all their steps after `step` steps of the run; what there is counts where none has */
export const completeMembers = (step: number, options: Members): number =>
  Math.max(1, turnsOf(options).filter(({ first, steps }) => first + steps <= step).length);

type Tensors = Record<string, NamedArray>;

/** Before the weights' names of the members that are finished, from 1; the last one's have nothing before them. */
const PREFIX = /^member\.(\d+)\//;

/** All members' weights as one network's, which is how a model travels: the last one's as they are, those before it prefixed. */
export const joinMembers = (members: readonly Readonly<Tensors>[]): Tensors =>
  Object.fromEntries(
    members.flatMap((tensors, n) =>
      Object.entries(tensors).map(([name, tensor]) => [
        n === members.length - 1 ? name : `${memberName(n)}/${name}`,
        tensor,
      ]),
    ),
  );

/** What `joinMembers` made of them. */
export function splitMembers(tensors: Readonly<Tensors>): Tensors[] {
  const finished: Tensors[] = [];
  const last: Tensors = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const [prefix, number] = PREFIX.exec(name) ?? [];
    if (prefix === undefined) last[name] = tensor;
    else {
      finished[Number(number) - 1] ??= {};
      finished[Number(number) - 1][name.slice(prefix.length)] = tensor;
    }
  }
  return [...finished, last];
}

/** How many members the names are of, whatever numbers they bear. */
export const memberCount = (names: readonly string[]): number =>
  1 + new Set(names.flatMap((name) => PREFIX.exec(name)?.[0] ?? [])).size;

/** A finished member's name in checkpoints. @param member from 0 */
export const memberName = (member: number): string => `member.${member + 1}`;
