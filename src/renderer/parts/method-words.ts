import { DEFAULT_OPTIONS } from '../../core/options.ts';

/** Which scans a method learns from, as a clinician chooses it; what was chosen under Research keeps its name. */
export const methodWords = (method: string): string =>
  method === DEFAULT_OPTIONS.method ? 'all scans' : method === 'supervised' ? 'labelled scans alone' : method;
