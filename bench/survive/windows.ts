/** Two windows and a third that starts jobs, over HTTP, as a browser's page speaks: each notes what was acknowledged to it. */
import {
  BOXES_TYPE,
  type Client,
  createClient,
  encodeBoxes,
  PROJECT_HEADER,
  type Reply,
  type ScanRow,
} from '../../src/shared/contract/index.ts';
import type { Known } from './known.ts';

export interface Windows {
  /** Strokes, versions and jobs that were acknowledged or refused since the start. */
  readonly counts: { acknowledged: number; refused: number };
  /** Ends once the program answers no more. */
  readonly done: Promise<void>;
}

export interface Folders {
  /** With one folder for each import, every one with a scan of its own. */
  incoming: () => string;
  exports: string;
}

const SMALL = {
  steps: 2,
  width: 1,
  patch: [16, 16, 16] as const,
  spacing: 'native',
  labelledPerStep: 1,
  unlabelledPerStep: 1,
};
const random = (n: number) => Math.floor(Math.random() * n);
const soon = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** @param url what the server printed, with its key */
export async function openWindows(
  url: string,
  drawn: readonly string[],
  known: Known,
  folders: Folders,
): Promise<Windows> {
  const counts = { acknowledged: 0, refused: 0 };
  const ended = { yes: false };
  const { client, scans } = await connect(url);
  const own = scans.filter(({ name }) => drawn.includes(name));
  /** One thing after another until the program is gone; a full disk, or a project that is being closed, refuses some. */
  const going = async (act: () => Promise<void>): Promise<void> => {
    while (!ended.yes)
      try {
        await act();
        counts.acknowledged++;
      } catch (error) {
        if (error instanceof TypeError) ended.yes = true;
        counts.refused++;
        await soon(5);
      }
  };
  const done = Promise.all([
    going(() => act(client, own, 0, known)),
    going(() => act(client, own, 1, known)),
    going(() => job(client, known, folders)),
  ]).then(() => undefined);
  return { counts, done };
}

async function connect(url: string): Promise<{ client: Client; scans: ScanRow[] }> {
  const { origin, searchParams } = new URL(url);
  const key = { authorization: `Bearer ${searchParams.get('token')}` };
  const program = createClient({
    async call(name, input, project) {
      const response = await fetch(`${origin}/call/${name}`, {
        method: 'POST',
        headers: { ...key, 'content-type': 'application/json', ...(project && { [PROJECT_HEADER]: project }) },
        body: JSON.stringify({ input }),
      });
      return (await response.json()) as Reply<unknown>;
    },
    subscribe: () => () => {},
    data: (path, init) => fetch(origin + path, { ...init, headers: { ...key, ...(init?.headers as object) } }),
    dataUrl: (path) => path,
  });
  const client = program.within((await program.call('projects.current'))!.session);
  return { client, scans: await client.call('scans.list') };
}

/** A stroke, a version, another case, or a look; each window has voxels of its own, so that what was acknowledged is known. */
async function act(client: Client, scans: readonly ScanRow[], window: number, known: Known): Promise<void> {
  const { id: scan, size } = scans[random(scans.length)];
  const turn = random(10);
  if (turn < 7) {
    const at = random(size[0] * size[1] * size[2]);
    const voxel = at - (at % 2) + window;
    const start = [
      voxel % size[0],
      Math.floor(voxel / size[0]) % size[1],
      Math.floor(voxel / (size[0] * size[1])),
    ] as const;
    const value = random(2);
    // Noted before, too: a stroke that was being written when the program ended may be there or not.
    known.tried(scan, voxel, value);
    await client.data(`/data/mask/${scan}/manual`, {
      method: 'PUT',
      headers: { 'content-type': BOXES_TYPE },
      body: encodeBoxes([{ start: [...start], size: [1, 1, 1], values: Uint8Array.of(value) }]) as BodyInit,
    });
    known.drawn(scan, voxel, value);
  } else if (turn < 8) {
    const made = await client.call('masks.commit', { scan });
    if (made) known.version(scan, made.version);
  } else if (turn < 9) {
    await client.call('scans.detail', { scan });
  } else {
    await (await client.data(`/data/mask/${scan}/manual`)).arrayBuffer();
  }
}

/** One job from its start to its end, and then what the program says that the project has. */
async function job(client: Client, known: Known, { incoming, exports }: Folders): Promise<void> {
  await soon(random(2000));
  const at = async (path: string) => (await client.call('folders.browse', { path })).folder;
  const started = await [
    () => client.call('train.start', { options: SMALL }),
    () => client.call('predictions.start', { scans: 'unlabelled' }),
    async () => client.call('scans.import', { folder: await at(incoming()) }),
    async () => client.call('export.start', { folder: await at(exports), format: 'nifti' }),
  ][random(4)]();
  for (;;) {
    const found = (await client.call('jobs.list')).find(({ id }) => id === started.job);
    if (found?.status !== 'running' && found?.status !== 'paused') break;
    await soon(50);
  }
  for (const { name, state } of await client.call('runs.list')) if (state === 'finished') known.run(name);
  for (const { id, name, masks } of await client.call('scans.list')) {
    known.scan(name);
    for (const version of Object.values(masks)) known.version(id, version);
  }
}
