/** `npm run serve`: builds the window when it is missing or older than its sources, and serves it on 127.0.0.1. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { misspeltVariables } from '../src/engine/machine/environment.ts';
import { DecileError } from '../src/shared/errors.ts';
import { build, PAGES } from './build.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '0' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(
    'npm run serve -- [PROJECT] [--port N]\n\nThe program in a browser on this machine (127.0.0.1 alone). DECILE_TOKEN is its key; without it a new one is made.',
  );
  process.exit(0);
}

for (const text of misspeltVariables()) console.error(text);
build(() => console.error('Building the window ...'));
const { serve } = await import('../src/server/serve.ts');
try {
  const project = positionals[0] ? resolve(process.env.INIT_CWD ?? '.', positionals[0]) : undefined;
  const server = await serve({ port: Number(values.port), pages: PAGES, project });
  console.log(
    `Decile is at ${server.url}\nThe address holds your key: whoever has it on this machine can use the program. Ctrl-C stops it.`,
  );
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(130);
      stopping = true;
      console.error('Saving and stopping ...');
      server.close().then(() => process.exit(0));
    });
  }
} catch (error) {
  if (!(error instanceof DecileError)) throw error;
  console.error(`${error.message} ${error.cure}`);
  process.exit(1);
}
