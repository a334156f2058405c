/**
 * `npm run typecheck`: TypeScript over core (no platform), over the window with its Svelte files (no Node), and over all else.
 * What was right before and has not changed is not checked again (out/types).
 */
import { runAll } from './run-all.ts';

await runAll({
  core: ['tsc', '--project', 'src/core'],
  program: ['tsc', '--project', '.'],
  window: ['svelte-check', '--tsconfig', 'src/renderer/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
});
