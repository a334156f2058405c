/** `npm run bench -- NAME [options]`: the project's measurements. Each says what it measures and prints JSON with --json. */
import { WrongOption } from './wrong-option.ts';

export const BENCHES: Record<string, () => Promise<{ run(args: string[]): Promise<void> }>> = {
  step: () => import('./step.ts'),
  tfjs: () => import('./tfjs.ts'),
  gpu: () => import('./gpu.ts'),
  handover: () => import('./handover.ts'),
  patches: () => import('./patches.ts'),
  engines: () => import('./engines.ts'),
  'left-atrium': () => import('./left-atrium.ts'),
  scans: () => import('./scans.ts'),
  jobs: () => import('./jobs.ts'),
  viewer: () => import('./viewer.ts'),
  tasks: () => import('./tasks.ts'),
  import: () => import('./import.ts'),
  paint: () => import('./paint.ts'),
  survive: () => import('./survive.ts'),
  resume: () => import('./resume.ts'),
  fuzz: () => import('./fuzz.ts'),
  conformance: () => import('./conformance.ts'),
  reader: () => import('./reader.ts'),
  halves: () => import('./halves.ts'),
};

const [chosen, ...args] = process.argv.slice(2);
const bench = BENCHES[chosen];
if (!bench) {
  console.error(`A bench must be one of ${Object.keys(BENCHES).join(', ')}, got ${chosen ?? 'none'}.`);
  process.exit(2);
}
try {
  await (await bench()).run(args);
} catch (error) {
  const wrong = error instanceof WrongOption || /^ERR_PARSE_ARGS/.test((error as NodeJS.ErrnoException).code ?? '');
  if (!wrong) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
