import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { onInterrupt } from '../interrupt.ts';
import { type Output, result } from '../output.ts';
import { userPath } from '../place.ts';

/** The built window, beside the sources. */
const PAGES = join(fileURLToPath(new URL('../../..', import.meta.url)), 'out', 'renderer');

export function serveCommand(): Command {
  return new Command('serve')
    .description('the desktop program in a browser on this machine (127.0.0.1 alone), until Ctrl-C')
    .argument('[DIR]', 'a project to open at once')
    .option('--port <N>', 'port; a free one without it', (text) => Number(text), 0)
    .action(async (folder: string | undefined, flags: Output & { port: number }) => {
      // Loaded here, so that no other command carries the server along.
      const { serve } = await import('../../server/serve.ts');
      const project = folder === undefined ? undefined : userPath(folder);
      const server = await serve({ port: flags.port, pages: PAGES, project });
      const lines = [`Decile is at ${server.url}`, 'The address holds your key. Ctrl-C stops it.'];
      result(flags, { url: server.url }, lines.join('\n'));
      await new Promise<void>((stopped) => void onInterrupt(stopped));
      await server.close();
    });
}
