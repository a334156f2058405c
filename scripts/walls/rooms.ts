/**
 * The rooms of src/ and what each may import: all that is not in its row is refused (`npm run lint`), and so is a file in
 * no room. A new folder gets a row here and a line in docs/explanation/architecture.md.
 */

export interface Room {
  /** Where its files are: a folder, a file, or `folder/*` for the files beside its subfolders. */
  readonly at: string;
  /** Rooms that it stands on. */
  readonly on: readonly RoomName[];
  /** npm packages that it may import, with all their paths. */
  readonly packages: readonly string[];
  /** Whether it may import Node's own modules. */
  readonly node?: true;
  /** Whether it may write SQL. */
  readonly sql?: true;
  /** Whether it may import what is named at run time alone: optional packages. */
  readonly computed?: true;
  /** What to do instead, in the words that lint prints. */
  readonly instead: string;
}

export const ROOM_NAMES = [
  ...['core', 'shared', 'engine', 'imaging', 'disk', 'store', 'report', 'services'],
  ...['trainer host', 'trainer worker', 'trainer entry', 'study', 'app', 'api', 'server', 'cli', 'main', 'preload'],
  ...['viewer', 'parts', 'shell', 'screens', 'window'],
] as const;

export type RoomName = (typeof ROOM_NAMES)[number];

export const ROOMS: Readonly<Record<RoomName, Room>> = {
  core: {
    at: 'src/core',
    on: [],
    packages: ['@tensorflow/tfjs'],
    instead:
      'core is arithmetic that runs anywhere: no files, processes, screens or databases. Let the caller read, pass the value in as a parameter, and give back what to write; a type that core needs is declared in core.',
  },
  shared: {
    at: 'src/shared',
    on: ['core'],
    packages: ['zod'],
    instead:
      'shared is what processes say to each other: types, calls and error codes. Code that does something belongs to the room that does it.',
  },
  engine: {
    at: 'src/engine',
    on: ['core'],
    packages: ['@tensorflow/tfjs'],
    node: true,
    computed: true,
    instead:
      'engine runs core’s kernels on a machine and knows nothing of scans or projects. What both sides need is declared in core.',
  },
  disk: {
    at: 'src/disk',
    on: ['core'],
    packages: [],
    node: true,
    instead: 'disk writes and removes files safely and knows nothing of what is in them.',
  },
  imaging: {
    at: 'src/imaging',
    on: ['core', 'shared', 'disk'],
    packages: [
      '@cornerstonejs/codec-charls',
      '@cornerstonejs/codec-libjpeg-turbo-8bit',
      '@cornerstonejs/codec-openjpeg',
      '@cornerstonejs/codec-openjph',
      '@cornerstonejs/jpeg-lossless-decoder-js',
      'dcmjs',
      'dicom-parser',
      'picomatch',
      'zod',
    ],
    node: true,
    instead:
      'imaging reads and writes image files and knows nothing of projects. Take the paths and values as parameters; what joins files and projects is a service (src/project/services).',
  },
  store: {
    at: 'src/project/store',
    on: ['core', 'shared', 'disk'],
    packages: ['better-sqlite3'],
    node: true,
    sql: true,
    instead:
      'store keeps what is small in SQLite and never decides. What decides is a service (src/project/services), which calls the store.',
  },
  report: {
    at: 'src/project/report',
    on: ['core', 'shared', 'imaging', 'disk'],
    packages: [],
    instead:
      'report turns results that it is given into pages and pictures. A service asks the store and hands the results over.',
  },
  services: {
    at: 'src/project/services',
    on: ['core', 'shared', 'engine', 'imaging', 'disk', 'store', 'report'],
    packages: ['pbf', 'zod'],
    node: true,
    instead:
      'services are what a user can do with a project. They get the trainer as a parameter from src/app.ts and do not know who asks (window, server or command line).',
  },
  'trainer host': {
    at: 'src/trainer/host',
    on: ['core', 'shared', 'engine', 'trainer entry'],
    packages: [],
    node: true,
    instead:
      'the host starts the trainer’s process and listens to it. What it trains on comes in with the job (src/shared/training.ts).',
  },
  'trainer worker': {
    at: 'src/trainer/worker',
    on: ['core', 'shared', 'engine', 'disk'],
    packages: [],
    node: true,
    instead:
      'the worker trains and predicts what the job names. Readers and writers come in through dependencies.ts; projects are the services’ business.',
  },
  'trainer entry': {
    at: 'src/trainer/*',
    on: ['trainer worker', 'imaging', 'core', 'shared'],
    packages: [],
    instead: 'the entry gives the worker its readers and writers, nothing else.',
  },
  study: {
    at: 'src/study',
    on: ['core', 'shared', 'engine', 'imaging', 'disk', 'store', 'report', 'services', 'trainer worker'],
    packages: ['yaml', 'zod'],
    node: true,
    instead:
      'study compares methods over many runs, without a window or a server. Its SQL is in src/project/store; what a page of the window needs goes the other way.',
  },
  app: {
    at: 'src/app.ts',
    on: ['core', 'shared', 'imaging', 'store', 'services', 'trainer host', 'study'],
    packages: [],
    instead:
      'app.ts is where services and trainer meet; window, server and command line stand on it, never the other way round.',
  },
  api: {
    at: 'src/api',
    on: ['core', 'shared', 'disk', 'store', 'services', 'app'],
    packages: ['zod'],
    node: true,
    instead:
      'api answers the window’s calls with services, in Electron and in a server alike. What needs Electron is handed in by src/main.',
  },
  server: {
    at: 'src/server',
    on: ['core', 'shared', 'api', 'app'],
    packages: ['ws'],
    node: true,
    instead:
      'server shows the window in a browser, without Electron. What it has in common with src/main belongs in src/api.',
  },
  cli: {
    at: 'src/cli',
    on: ['core', 'shared', 'engine', 'imaging', 'disk', 'store', 'report', 'services', 'study', 'app', 'server'],
    packages: ['commander'],
    node: true,
    instead:
      'a command reads its arguments, calls a service and prints. What the window shows is not for it; move what both need into a service or core.',
  },
  main: {
    at: 'src/main',
    on: ['core', 'shared', 'engine', 'imaging', 'disk', 'trainer worker', 'app', 'api'],
    packages: ['electron'],
    node: true,
    instead:
      'main is Electron’s main process: windows, menus, files to open. Everything that could run without Electron belongs in src/api or a service.',
  },
  preload: {
    at: 'src/preload',
    on: ['shared'],
    packages: ['electron'],
    instead: 'preload passes messages between the window and main, in the words of src/shared. It imports neither.',
  },
  viewer: {
    at: 'src/renderer/viewer',
    on: ['core', 'shared'],
    packages: ['@cornerstonejs/core', '@cornerstonejs/tools'],
    instead:
      'viewer shows a scan and its masks and knows no screen. Screens call it and listen to it; pass in what it needs.',
  },
  parts: {
    at: 'src/renderer/parts',
    on: ['core', 'shared'],
    packages: ['@lucide/svelte', 'svelte'],
    instead: 'parts are small pieces of any screen. They get values and callbacks as properties.',
  },
  shell: {
    at: 'src/renderer/shell',
    on: ['core', 'shared', 'parts'],
    packages: ['@lucide/svelte', 'svelte'],
    instead: 'shell is what surrounds every screen. Screens use the shell; App.svelte puts them into it.',
  },
  screens: {
    at: 'src/renderer/screens',
    on: ['core', 'shared', 'parts', 'shell', 'viewer'],
    packages: ['@lucide/svelte', 'svelte'],
    instead:
      'a screen asks the main process through src/shared/contract and shows pixels through src/renderer/viewer, which alone imports Cornerstone3D.',
  },
  window: {
    at: 'src/renderer/*',
    on: ['core', 'shared', 'shell', 'screens'],
    packages: ['svelte'],
    instead:
      'the window is a sandboxed page: it asks the main process through src/shared/contract, and its screens show what comes back.',
  },
};

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Regular expression of the paths in a room. */
export const pathsOf = (name: RoomName): string => {
  const { at } = ROOMS[name];
  if (at.endsWith('/*')) return `^${literally(at.slice(0, -1))}[^/]+$`;
  return /\.\w+$/.test(at) ? `^${literally(at)}$` : `^${literally(at)}/`;
};

/** Regular expression of the paths in packages, wherever node_modules is; matches nothing without packages. */
export const pathsIn = (packages: readonly string[]): string =>
  packages.length === 0 ? '^$' : `(^|/)node_modules/(@types/)?(${packages.map(literally).join('|')})/`;

/** Room of a path such as src/core/volume.ts. */
export const roomOf = (path: string): RoomName | undefined =>
  ROOM_NAMES.find((name) => new RegExp(pathsOf(name)).test(path));
