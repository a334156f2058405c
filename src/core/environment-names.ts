/** Names of the environment's variables that mean something here; others with this prefix are misspelt. */

const PREFIX = 'DECILE_';

/** Each with what it says (docs/reference/cli.md). */
export const VARIABLES: readonly string[] = [
  'DECILE_CACHE',
  'DECILE_CONFIG',
  'DECILE_DICOMWEB_AUTHORIZATION',
  'DECILE_DOCUMENTS',
  'DECILE_MATRIX_UNITS',
  'DECILE_NO_SETUP',
  'DECILE_PYTHON',
  'DECILE_THREADS',
  'DECILE_TOKEN',
];

/** Mistakes up to which a name is taken for a misspelt one. */
const NEAR = 3;

/**
 * A sentence for each variable with the prefix that means nothing here, with the known name that is nearest; without their values.
 * @param given names of variables that are set
 * @param anyCase names count in capitals and small letters alike, as on Windows
 */
export function unknownVariables(given: readonly string[], anyCase = false): string[] {
  const ours = given.filter((name) => name.toUpperCase().startsWith(PREFIX)).sort();
  return ours
    .filter((name) => !VARIABLES.includes(anyCase ? name.toUpperCase() : name))
    .map((name) => {
      const mistakes = VARIABLES.map((known) => ({ known, n: distance(name.toUpperCase(), known) }));
      const [nearest] = mistakes.sort((a, b) => a.n - b.n);
      const meant = nearest.n <= NEAR ? `is it ${nearest.known}?` : `known are ${VARIABLES.join(', ')}.`;
      return `A variable that begins with ${PREFIX} must be one that Decile knows, got ${name}, which says nothing: ${meant}`;
    });
}

/** Letters to change, add, leave out or swap with their neighbour to make one word of the other. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j));
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  return rows[a.length][b.length];
}
