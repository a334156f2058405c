/** Two people's masks of one scan against each other, and who did what to a scan. */
import { compareLabel } from '../../../core/edit/changes.ts';
import { whereBothAreDrawn } from '../../../core/edit/not-drawn.ts';
import { readMask } from '../../../imaging/index.ts';
import type { HistoryLine, MaskComparison } from '../../../shared/contract/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Mask, Scan, Store } from '../../store/index.ts';

/** Versions of a scan's mask, label by label; the second measured against the first. Throws `mask/unknown`. */
export async function compareVersions(
  store: Store,
  id: number,
  versions: readonly [number, number],
): Promise<MaskComparison> {
  const scan = store.scans.get(id);
  const history = store.masks.history(id);
  const [first, second] = versions.map((version) => {
    const found = history.find((mask) => mask.version === version);
    if (found) return found;
    throw new DecileError(
      'mask/unknown',
      `A mask must be one of the project's, got version ${version} of ${scan.name}.`,
      "Reload the scan's masks.",
    );
  }) as [Mask, Mask];
  const { size, spacing, origin, direction } = scan;
  const place = { size, spacing, origin, direction };
  const read = async ({ file }: Mask) => ({ ...place, data: (await readMask(store.path(file))).data });
  // What one of them has not drawn is no difference, whichever it is.
  const [a, b] = whereBothAreDrawn(await read(first), await read(second));
  return {
    ...{ scan: scan.name, first: authored(first), second: authored(second) },
    labels: store.labels.list().map(({ value, name }) => {
      const { metrics, addedMl, removedMl, worstSlice } = compareLabel(a, b, value);
      return { label: value, name, dice: metrics.dice, hd95: metrics.hd95, addedMl, removedMl, worstSlice };
    }),
  };
}

const authored = ({ version, person, origin, createdAt }: Mask): MaskComparison['first'] => ({
  version,
  person,
  kind: origin,
  createdAt,
});

/**
 * The newest mask that each of two people drew or corrected of a scan, against each other.
 * @param readers the two; without them the scan must have exactly two
 * @throws review/readers
 */
export async function compareReaders(
  store: Store,
  scan: Scan,
  readers?: readonly [string, string],
): Promise<MaskComparison> {
  const newest = new Map<string, Mask>();
  for (const mask of store.masks.history(scan.id))
    if (mask.origin !== 'predicted' && !newest.has(mask.person)) newest.set(mask.person, mask);
  const [first, second] = readers ?? [...newest.keys()].sort();
  const found = [newest.get(first), newest.get(second)];
  if (!found[0] || !found[1] || (!readers && newest.size !== 2))
    throw new DecileError(
      'review/readers',
      `${scan.name} must have masks of the two readers, got masks of ${[...newest.keys()].map((name) => name || '(no name)').join(', ') || 'nobody'}.`,
      "Name two of them with --readers A,B, or import a reader's masks with `decile import DIR SCANS --labels MASKS --as NAME`.",
    );
  return compareVersions(store, scan.id, [found[0].version, found[1].version]);
}

const MADE = { manual: 'drew', predicted: 'predicted', corrected: 'corrected' } as const;
const DECIDED = { accept: 'accepted', correct: 'took up', reject: 'rejected', reopen: 'reopened' } as const;

/** Who drew, predicted and decided what of these scans, oldest first in each. */
export function historyOf(store: Store, scans: readonly Scan[]): HistoryLine[] {
  const runs = new Map(store.runs.list().map(({ id, name }) => [id, name]));
  const runName = (run: number | null) => (run === null ? '' : (runs.get(run) ?? ''));
  return scans.flatMap(({ id, name: scan }) => {
    const masks = store.masks.history(id);
    const accepted = new Set(
      store.decisions.list(id).flatMap(({ decision, mask }) => (decision === 'accept' ? [mask] : [])),
    );
    const versions = new Map(masks.map((mask) => [mask.id, mask.version]));
    // Of a prediction that was accepted as it is nobody corrected anything.
    const own = masks.filter((mask) => !accepted.has(mask.id) || !mask.untouched);
    const made = own.map((mask): HistoryLine => {
      const { origin, person, version, run, createdAt } = mask;
      return {
        scan,
        when: createdAt,
        who: person,
        what: MADE[origin],
        version,
        run: runName(run),
        reason: '',
        undone: '',
      };
    });
    const decided = store.decisions.list(id).map((one): DecidedLine => {
      const version = one.mask === null ? null : (versions.get(one.mask) ?? null);
      const line: HistoryLine = {
        ...{ scan, when: one.createdAt, who: one.person, what: DECIDED[one.decision], version },
        ...{ run: runName(one.run), reason: one.reason, undone: one.undoneAt ?? '' },
      };
      return { line, newest: one.newest };
    });
    return inOrder(made.reverse(), decided);
  });
}

/** A decision, with the newest version of the scan's masks then where that is known. */
interface DecidedLine {
  line: HistoryLine;
  newest: number | null;
}

/** Two lists, each in its order, as one. Each keeps its order, whatever its times say: clocks are set back. */
function inOrder(made: readonly HistoryLine[], decided: readonly DecidedLine[]): HistoryLine[] {
  const lines: HistoryLine[] = [];
  let next = 0;
  for (const decision of decided) {
    while (next < made.length && comesBefore(made[next], decision)) lines.push(made[next++]);
    lines.push(decision.line);
  }
  return [...lines, ...made.slice(next)];
}

/** By the number of the version; of decisions that earlier versions of the program kept by their time, but none before its own version. */
function comesBefore({ when, version }: HistoryLine, { line, newest }: DecidedLine): boolean {
  if (newest !== null) return (version ?? 0) <= newest;
  return when < line.when || (version ?? 0) <= (line.version ?? 0);
}
