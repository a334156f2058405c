/** Breaks of the walls, one file each, as a newcomer might write them. */

export interface Break {
  /** The file that breaks a wall; it stands in no other's place. */
  file: string;
  text: string;
  /** What lint must say beside the file's path, on its line. */
  named: RegExp;
}

const importing = (room: string, name: string, from: string, named: string, ending = 'ts'): Break => ({
  file: `src/${room}/break-${name}.${ending}`,
  text: from,
  named: new RegExp(named),
});
const value = (module: string): string => `import * as it from '${module}';\nexport const taken = it;\n`;
const type = (module: string, name: string): string =>
  `import type { ${name} } from '${module}';\nexport type Taken = ${name};\n`;
const svelte = (script: string): string => `<script lang="ts">\n${script}</script>\n`;

const LISTED: Break[] = [
  importing('core', 'os', value('node:os'), 'os'),
  importing('core', 'crypto', value('node:crypto'), 'crypto'),
  importing('core', 'sqlite', value('better-sqlite3'), 'better-sqlite3'),
  importing('core', 'ws', value('ws'), 'node_modules/ws'),
  importing('core', 'svelte', value('svelte'), 'node_modules/svelte'),
  importing('core', 'shared-type', type('../shared/errors.ts', 'DecileError'), 'shared/errors'),
  importing('engine', 'shared', type('../shared/training.ts', 'TrainJob'), 'shared/training'),
  importing('renderer/screens', 'core', value('@cornerstonejs/core'), '@cornerstonejs/core'),
  importing('renderer/screens', 'tools', value('@cornerstonejs/tools'), '@cornerstonejs/tools'),
  importing('project/services', 'api', value('../../api/index.ts'), 'api/index'),
  importing('project/services', 'trainer', value('../../trainer/host/index.ts'), 'trainer/host'),
  importing('api', 'electron', value('electron'), 'node_modules/electron'),
  importing('trainer/worker', 'services', value('../../project/services/status.ts'), 'services/status'),
  importing('renderer/viewer', 'screens', value('../screens/train/train.svelte.ts'), 'screens/train'),
  importing('renderer', 'store', type('../project/store/index.ts', 'Store'), 'project/store'),
  importing('preload', 'main', value('../main/index.ts'), 'main/index'),
  importing('project/store', 'services', value('../services/status.ts'), 'services/status'),
  importing('imaging', 'store', type('../project/store/index.ts', 'Store'), 'project/store'),
  importing('project/report', 'store', type('../store/index.ts', 'Store'), 'project/store'),
  importing('study', 'api', value('../api/index.ts'), 'api/index'),
  importing('cli', 'renderer', value('../renderer/client.ts'), 'renderer/client'),
  importing('server', 'window', value('../main/window/window.ts'), 'main/window'),
  importing('study', 'sqlite', value('better-sqlite3'), 'better-sqlite3'),
  { file: 'src/core/break-document.ts', text: 'export const page = document.title;\n', named: /document/ },
  { file: 'src/core/break-process.ts', text: 'export const where = process.platform;\n', named: /process/ },
];

const OTHER_WAYS: Break[] = [
  importing('core', 'bare-node', value('fs'), 'fs'),
  importing('core', 'dynamic', `export const taken = () => import('node:fs/promises');\n`, 'fs/promises'),
  importing('core', 'computed', `export const taken = (name: string) => import(name);\n`, 'must name'),
  importing('core', 'required', `export const taken = require('node:path');\n`, 'path'),
  importing('core', 'type-of', `export type Taken = import('node:stream').Readable;\n`, 'stream'),
  importing('core', 'again', `export { createHash } from 'crypto';\n`, 'crypto'),
  importing('core', 'reference', '/// <reference types="node" />\nexport const it = 1;\n', 'node'),
  importing('core', 'reference-dom', '/// <reference lib="dom" />\nexport const it = 1;\n', 'dom'),
  importing('core', 'whole-global', 'export const where = globalThis;\n', 'globalThis'),
  importing('core', 'clock', 'export const now = () => performance.now();\n', 'performance'),
  importing('core', 'engine', value('../engine/choose/index.ts'), 'engine/choose'),
  importing('core', 'built-in', `export const taken = process.getBuiltinModule('node:vm');\n`, 'vm'),
  importing('core', 'script', value('../../scripts/build.ts'), 'scripts/build'),
  importing('core', 'missing', value('no-such-package'), 'no-such-package'),
  importing('engine', 'sub', value('ws/lib/sender.js'), 'ws/lib'),
  importing('shared', 'node', value('node:fs'), 'fs'),
  importing('shared', 'services', type('../project/services/status.ts', 'ProjectStatus'), 'services/status'),
  importing('imaging', 'type', `export type Taken = import('electron').App;\n`, 'electron'),
  importing(
    'imaging',
    'create-require',
    `import { createRequire } from 'node:module';\nexport const taken = createRequire(import.meta.url)('ws');\n`,
    'ws',
  ),
  importing('imaging', 'sql', `export const query = 'SELECT id FROM scans';\n`, 'SQL'),
  importing('api', 'sql', `export const query = (t: string) => \`DELETE FROM \${t}\`;\n`, 'SQL'),
  importing('study', 'node-sqlite', value('node:sqlite'), 'sql-in-store'),
  importing('renderer/screens', 'vite-worker', value('../../engine/webgpu/window.ts?worker'), 'engine/webgpu'),
  importing('api', 'server', value('../server/serve.ts'), 'server/serve'),
  importing('server', 'electron', type('electron', 'BrowserWindow'), 'node_modules/electron'),
  importing('trainer/host', 'store', type('../../project/store/index.ts', 'Store'), 'project/store'),
  importing('project/services', 'worker', value('../../trainer/worker/worker.ts'), 'trainer/worker'),
  importing('project/services', 'app', value('../../app.ts'), 'src/app'),
  importing('study', 'cli', value('../cli/output.ts'), 'cli/output'),
  importing('preload', 'node', value('node:fs'), 'fs'),
  importing('renderer/parts', 'shell', type('../shell/app.svelte.ts', 'AppState'), 'shell/app'),
  importing(
    'renderer/viewer',
    'worker',
    `export const run = () => new Worker(new URL('../../engine/webgpu/window.ts', import.meta.url));\n`,
    'engine/webgpu',
  ),
  importing(
    'renderer/screens',
    'value',
    svelte(`import { init } from '@cornerstonejs/core';\ninit();\n`),
    'cornerstonejs/core',
    'svelte',
  ),
  importing(
    'renderer/screens',
    'type',
    svelte(`import type { Types } from '@cornerstonejs/core';\nlet point: Types.Point3 = [0, 0, 0];\n`),
    'cornerstonejs/core',
    'svelte',
  ),
  importing(
    'renderer/screens',
    'inline-type',
    svelte(`let store: import('../../project/store/index.ts').Store;\n`),
    'project/store',
    'svelte',
  ),
  importing(
    'renderer/screens',
    'template',
    `{#await import('../../api/index.ts')}wait{/await}\n`,
    'api/index',
    'svelte',
  ),
  importing('newroom', 'row', 'export const it = 1;\n', 'is in no room'),
];

export const BREAKS: readonly Break[] = [...LISTED, ...OTHER_WAYS];
