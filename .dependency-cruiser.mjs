// Walls between the rooms of src/: scripts/walls/rooms.ts says what each may import, this turns it into rules.
// What dependency-cruiser cannot see is held to the same table by scripts/walls/unseen.ts.
import { pathsIn, pathsOf, ROOM_NAMES, ROOMS } from './scripts/walls/rooms.ts';

const NODE_MODULES = '(^|/)node_modules/';
const NODE = ['core'];

const rulesOf = (name) => {
  const { on, packages, node, instead } = ROOMS[name];
  const from = { path: pathsOf(name) };
  const rule = (what, to, comment) => ({
    name: `${name.replace(' ', '-')}-${what}`,
    severity: 'error',
    comment,
    from,
    to,
  });
  const rooms = [name, ...on].map(pathsOf);
  const listed = (list) => (list.length > 0 ? list.join(', ') : 'nothing');
  return [
    rule(
      'rooms',
      { pathNot: [...rooms, NODE_MODULES], dependencyTypesNot: NODE, couldNotResolve: false },
      `${name} stands on ${listed(on)} alone: ${instead}`,
    ),
    rule(
      'packages',
      { path: NODE_MODULES, pathNot: pathsIn(packages) },
      `Of npm's packages ${name} imports ${listed(packages)} alone: ${instead}`,
    ),
    ...(node ? [] : [rule('node', { dependencyTypes: NODE }, `${name} imports nothing of Node: ${instead}`)]),
  ];
};

export default {
  forbidden: [
    ...ROOM_NAMES.flatMap(rulesOf),
    {
      name: 'sql-in-store',
      severity: 'error',
      comment: 'Databases are opened by the store alone: put the question there and call it (src/project/store).',
      from: { pathNot: ROOM_NAMES.filter((name) => ROOMS[name].sql).map(pathsOf) },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Imports never run in a circle: move what both files need into a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'What is imported must exist: check the path, or install the package. A wall cannot judge what it cannot find.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6', 'cjs', 'amd', 'tsd'],
    // Types are imports too: a type of Electron's in core ties core to Electron.
    tsPreCompilationDeps: true,
    detectJSDocImports: true,
    detectProcessBuiltinModuleCalls: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.svelte', '.css'],
      // Without these, packages that name their files by `exports` are not found, and no rule sees them.
      exportsFields: ['exports'],
      conditionNames: ['types', 'svelte', 'import', 'require', 'node', 'browser', 'default'],
      mainFields: ['types', 'svelte', 'module', 'main'],
    },
  },
};
