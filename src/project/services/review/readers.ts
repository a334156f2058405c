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
    const decided = store.decisions.list(id).map((one): HistoryLine => {
      const version = one.mask === null ? null : (versions.get(one.mask) ?? null);
      return {
        ...{ scan, when: one.createdAt, who: one.person, what: DECIDED[one.decision], version },
        ...{ run: runName(one.run), reason: one.reason, undone: one.undoneAt ?? '' },
      };
    });
    return inOrder(made.reverse(), decided);
  });
}

/**
 * Two lists, each in its order, as one: by their times, but no decision before the version that it is on. Each list keeps its order,
 * whatever its times say: clocks are set back.
 */
function inOrder(made: readonly HistoryLine[], decided: readonly HistoryLine[]): HistoryLine[] {
  const lines: HistoryLine[] = [];
  let next = 0;
  for (const decision of decided) {
    while (next < made.length && comesBefore(made[next], decision)) lines.push(made[next++]);
    lines.push(decision);
  }
  return [...lines, ...made.slice(next)];
}

const comesBefore = (made: HistoryLine, decision: HistoryLine): boolean =>
  made.when < decision.when || (made.version ?? 0) <= (decision.version ?? 0);
