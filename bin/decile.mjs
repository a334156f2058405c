#!/usr/bin/env node
// Starts the command line with a Node that runs TypeScript: the current one, or Node 24 of the project's devDependencies.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [major] = process.versions.node.split('.').map(Number);
if (major >= 24) {
  await import('../src/cli/index.ts');
} else {
  const own = `${root}node_modules/.bin/node`;
  if (!existsSync(own)) {
    console.error(`Node must be version 24 or newer, got ${process.versions.node}. Run \`npm ci\` in ${root} first: it brings Node 24.`);
    process.exit(3);
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {}); // the child decides
  const run = spawnSync(own, ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(run.status ?? 1);
}
