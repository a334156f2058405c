/** Scans that training does not see, neither labelled nor unlabelled; nothing of them is deleted. */
import type { Scan, Store } from '../../store/index.ts';

/** Leaves scans out for a reason, all or none; takes them in again with an empty one. */
export function leaveOut(store: Store, scans: readonly Scan[], reason: string): { scan: string; leftOut: string }[] {
  return store.transaction(() =>
    scans.map(({ id }) => {
      const { name, leftOut } = store.scans.setLeftOut(id, reason.trim());
      return { scan: name, leftOut };
    }),
  );
}
