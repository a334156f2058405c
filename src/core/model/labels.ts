/** Which of a project's labels each output of a model is: by coded term, else by name. */
import { DecileError } from '../errors.ts';
import type { NamedArray } from '../train/safetensors.ts';
import type { ModelLabel } from './description.ts';

type Told = Pick<ModelLabel, 'name' | 'term'>;

interface ProjectLabel {
  value: number;
  name: string;
  term: ModelLabel['term'];
}

/** Capitals, blanks, dashes and underscores do not matter. */
const plain = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/g, '');

const sameTerm = (a: ModelLabel['term'], b: ModelLabel['term']): boolean =>
  a !== null && b !== null && a.scheme === b.scheme && a.code === b.code;

/**
 * The project's label of each of the model's: of the same name, to the letter before what is alike, else the only one of the same coded term.
 * @throws model/labels where the project lacks one of the model's labels
 */
export function matchLabels<T extends ProjectLabel>(model: readonly Told[], project: readonly T[]): T[] {
  const exact = (label: Told) => project.find(({ name }) => name === label.name);
  const exactly = new Set(model.map(exact));
  const named = (label: Told) =>
    exact(label) ?? project.find((other) => !exactly.has(other) && plain(other.name) === plain(label.name));
  const taken = new Set(model.map(named));
  const coded = (label: Told) => {
    const free = project.filter((other) => !taken.has(other) && sameTerm(other.term, label.term));
    return free.length === 1 && model.filter(({ term }) => sameTerm(term, label.term)).length === 1
      ? free[0]
      : undefined;
  };
  const found = model.map((label) => named(label) ?? coded(label));
  const missing = model.filter((_, n) => found[n] === undefined).map(({ name }) => name);
  if (missing.length === 0) return found as T[];
  throw new DecileError(
    'model/labels',
    `The labels of a model must be the project's (${project.map(({ name }) => name).join(', ')}), got ${missing.join(', ')} too.`,
    'Add or rename labels in the project so that it has each of them, or choose another model.',
  );
}

/** Heads, of each member of an ensemble: the convolutions whose outputs are classes. */
const HEAD = /^(member\.\d+\/)?out\d*\.(weight|bias)$/;
/** The logit of a class that the model does not know: its probability is exactly 0. */
const NEVER = -1e4;

/**
 * The weights with outputs in another order.
 * @param order for each new class its old one, or null for a class that is never predicted
 */
export function reordered(
  tensors: Readonly<Record<string, NamedArray>>,
  order: readonly (number | null)[],
): Record<string, NamedArray> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      if (!HEAD.test(name)) return [name, tensor];
      const before = tensor.shape[tensor.shape.length - 1];
      const rows = tensor.values.length / before;
      const nothing = name.endsWith('.bias') ? NEVER : 0;
      const values = new Float32Array(rows * order.length);
      for (let row = 0; row < rows; row++)
        order.forEach((from, to) => {
          values[row * order.length + to] = from === null ? nothing : tensor.values[row * before + from];
        });
      return [name, { shape: [...tensor.shape.slice(0, -1), order.length], values }];
    }),
  );
}
