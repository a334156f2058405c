/** Updates of weights, several tensors a dispatch: as many as a group of the GPU binds buffers for. */
import { buffers, eachElement, type Program, parameters, program } from '../program.ts';

/** `body` for each of `rows` tensors that lie one after the other in the count of threads; `i` counts within the tensor. */
const eachRow = (rows: number, body: (row: number) => string): string =>
  eachElement(
    'p.count',
    Array.from(
      { length: rows },
      (_, row) => `  if (at < p.end${row}) {
    let i = at - ${row === 0 ? '0u' : `p.end${row - 1}`};
${body(row)}
    return;
  }`,
    ).join('\n'),
    'at',
  );

const ends = (rows: number): string[] => Array.from({ length: rows }, (_, row) => `end${row}`);
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Buffers of a tensor in `adam`. */
export const ADAM_BUFFERS = 4;

/**
 * Adam as in core's `AdamRule`, four values a thread, over the old values. Reads the gradients, writes theta, first and second of each
 * tensor. Parameters: fours of all, where each tensor ends, then the rule's factors.
 */
export const adam = (rows: number): Program =>
  program(`adam ${rows}`, rows, 3 * rows, () => {
    const factors = ['scale', 'b1', 'a1', 'b2', 'a2', 'c1', 'c2', 'kept', 'rate', 'epsilon'];
    return `${parameters('count', ...ends(rows), ...factors.map((name) => `${name}: f32`))}
${buffers(
  range(rows).map((row) => [`gradient${row}`, 'vec4<f32>']),
  range(rows).flatMap((row) =>
    ['theta', 'first', 'second'].map((name): [string, string] => [`${name}${row}`, 'vec4<f32>']),
  ),
)}
${eachRow(
  rows,
  (row) => `    let g = gradient${row}[i] * p.scale;
    let m = p.b1 * first${row}[i] + p.a1 * g;
    let v = p.b2 * second${row}[i] + p.a2 * (g * g);
    theta${row}[i] = p.kept * theta${row}[i] - p.rate * ((m / p.c1) / (sqrt(v / p.c2) + p.epsilon));
    first${row}[i] = m;
    second${row}[i] = v;`,
)}`;
  });

/** out = sum of factor * term, of several tensors. Parameters: fours of all, where each tensor ends, then a factor a term. */
export const weightedSums = (rows: number, terms: number): Program =>
  program(`weighted sums ${rows} of ${terms}`, rows * terms, rows, () => {
    const each = range(terms);
    return `${parameters('count', ...ends(rows), ...each.map((n) => `factor${n}: f32`))}
${buffers(
  range(rows).flatMap((row) => each.map((n): [string, string] => [`x${row}_${n}`, 'vec4<f32>'])),
  range(rows).map((row) => [`out${row}`, 'vec4<f32>']),
)}
${eachRow(rows, (row) => `    out${row}[i] = ${each.map((n) => `p.factor${n} * x${row}_${n}[i]`).join(' + ')};`)}`;
  });
