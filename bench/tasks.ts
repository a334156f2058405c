/**
 * Five jobs of a day's work, done by a scripted user in Chromium with mouse and keys: `npm run bench -- tasks [--json]`.
 * Prints one line a job: presses of a mouse button (a drag is one), presses of a key, pixels that the pointer travelled,
 * seconds, and what peers need of the first two by their own documentation (bench/tasks/peers.ts). Turns of the wheel count
 * nowhere, ours or theirs. Every job ends with a look at what came of it: one that was not done is an error.
 */
import { parseArgs } from 'node:util';
import { noBrowser } from '../test/desktop/browser.ts';
import { openFilledWindow } from '../test/desktop/filled.ts';
import { Hand } from './tasks/hand.ts';
import { JOBS } from './tasks/jobs.ts';
import { PEERS, type PeerCount } from './tasks/peers.ts';
import { WrongOption } from './wrong-option.ts';

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, only: { type: 'string' } } });
  if (noBrowser) throw new Error('This bench needs Chromium (CHROMIUM=/path/to/chromium).');
  const wanted = values.only?.split(',') ?? Object.keys(JOBS);
  const unknown = wanted.find((name) => !(name in JOBS));
  if (unknown) throw new WrongOption(`--only must be of ${Object.keys(JOBS).join(', ')}, got ${unknown}.`);
  for (const job of wanted) {
    const { project, prepare, work, check } = JOBS[job];
    const window = await openFilledWindow(project);
    try {
      await prepare?.(window);
      const hand = new Hand(window.page);
      await work(window, hand);
      const { clicks, keys, travel, seconds } = hand.count();
      await check(window);
      const line = { job, clicks, keys, travel, seconds, peers: PEERS[job] };
      console.log(values.json ? JSON.stringify(line) : asText(line));
    } finally {
      await window.close();
    }
  }
}

function asText({
  job,
  clicks,
  keys,
  travel,
  seconds,
  peers,
}: Record<'clicks' | 'keys' | 'travel' | 'seconds', number> & {
  job: string;
  peers: Record<string, PeerCount>;
}): string {
  const others = Object.entries(peers).map(([name, count]) =>
    count === 'not there' ? `${name} not there` : `${name} ${count.clicks} + ${count.keys}`,
  );
  return `${job.padEnd(22)} ${clicks} clicks + ${keys} keys, ${travel} px, ${seconds} s   (${others.join('; ')})`;
}
