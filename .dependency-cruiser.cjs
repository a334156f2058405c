// Imports point one way: core <- engine <- main/cli; core, shared <- renderer. `npm run lint` enforces it.
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from: { path: from }, to: { path: to } });
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    rule('core-is-pure', '^src/core', '^src/(?!core)', 'core imports only core'),
    rule('core-no-platform', '^src/core', '^(node:|fs|path|child_process|worker_threads|electron|svelte|better-sqlite3|zlib)', 'core runs anywhere: no node, electron, DOM or database'),
    rule('engine-on-core', '^src/engine', '^src/(imaging|project|trainer|study|api|server|main|cli|renderer|preload|shared|app)', 'engine imports core alone'),
    rule('shared-is-contract', '^src/shared', '^src/(imaging|project|trainer|study|api|server|main|cli|renderer|preload|engine|app)', 'shared imports core alone'),
    rule('renderer-through-contract', '^src/renderer', '^src/(imaging|project|trainer|study|api|server|main|cli|engine|preload|app)', 'the window sees core and shared alone'),
    rule('store-alone', '^src/project/store/', '^src/(imaging|trainer|api)', 'store, imaging and trainer do not know each other'),
    rule('imaging-alone', '^src/imaging/', '^src/(project|trainer|api)', 'store, imaging and trainer do not know each other'),
    rule('trainer-alone', '^src/trainer/(host|worker)', '^src/(project|imaging|api)', 'store, imaging and trainer do not know each other'),
    rule('viewer-owns-cornerstone', '^src/renderer/(?!viewer)', 'node_modules/@cornerstonejs', 'only viewer/ imports Cornerstone3D'),
    rule('nothing-on-cli', '^src/(?!cli)', '^src/cli', 'cli stands on the rest'),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] } },
};
