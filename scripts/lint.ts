/**
 * `npm run lint`: everything that is wrong in one go. Each check runs to its end whatever the others say, and all are named
 * that failed: form (Biome), walls (scripts/walls), core without the platform, what nothing uses (knip).
 */
import { runAll } from './run-all.ts';

await runAll({
  form: ['biome', 'check', '--max-diagnostics=none', '.'],
  walls: ['depcruise', '--config', '.dependency-cruiser.mjs', '--output-type', 'err-long', 'src'],
  'walls that imports do not show': ['node', 'scripts/walls/unseen.ts'],
  'what nothing uses': ['knip'],
  'core without Node and DOM': ['tsc', '--project', 'src/core'],
});
