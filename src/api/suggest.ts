/** What the window shows of the suggestion: a tenth of the scans, none in an empty project. */

import { suggestScans } from '../project/services/review/suggest.ts';
import type { Suggestion } from '../shared/contract/index.ts';
import type { Session } from './session.ts';

export async function suggestForWindow(session: Session): Promise<Suggestion[]> {
  const store = session.store();
  if (store.scans.list().length === 0) return [];
  const { suggestions } = await suggestScans(store);
  return suggestions.map(({ scan, name, reason }) => ({ scan, name, reason }));
}
