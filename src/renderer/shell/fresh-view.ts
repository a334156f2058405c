/** How a project looks that was never open before. */
import type { ProjectView } from '../../shared/contract/index.ts';

export const FRESH = {
  filters: { annotate: 'to draw', review: 'to review' },
  table: { search: '', filter: 'all', column: 'name', descending: false },
} as const satisfies Pick<ProjectView, 'filters' | 'table'>;
