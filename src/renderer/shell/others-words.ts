import type { JobInfo } from '../../shared/contract/index.ts';

/** What an import says of scans that do not look like the project's. */
export const othersWords = (others: NonNullable<JobInfo['others']>): string =>
  `${others.length === 1 ? 'One scan is' : `${others.length} scans are`} not like the project: ${[...new Set(others.map(({ why }) => why))].slice(0, 3).join(', ')}.`;
