// Imports point one way: core <- engine <- main/cli; core, shared <- renderer. `npm run lint` enforces it.
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from: { path: from }, to: { path: to } });
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    rule('core-is-pure', '^src/core', '^src/(?!core)', 'core imports only core'),
    rule('core-no-platform', '^src/core', '^(node:|fs|path|child_process|worker_threads|electron|svelte|better-sqlite3|zlib)', 'core runs anywhere: no node, electron, DOM or database'),
    rule('engine-on-core', '^src/engine', '^src/(main|cli|renderer|preload|shared)', 'engine imports core alone'),
    rule('shared-is-contract', '^src/shared', '^src/(main|cli|renderer|preload|engine)', 'shared imports core alone'),
    rule('renderer-through-contract', '^src/renderer', '^src/(main|cli|engine|preload)', 'the window sees core and shared alone'),
    rule('store-alone', '^src/main/store/', '^src/main/(imaging|trainer|api)', 'store, imaging and trainer do not know each other'),
    rule('imaging-alone', '^src/main/imaging/', '^src/main/(store|trainer|api)', 'store, imaging and trainer do not know each other'),
    rule('trainer-alone', '^src/main/trainer/', '^src/main/(store|imaging|api)', 'store, imaging and trainer do not know each other'),
    rule('viewer-owns-cornerstone', '^src/renderer/(?!viewer)', 'node_modules/@cornerstonejs', 'only viewer/ imports Cornerstone3D'),
    rule('main-not-cli', '^src/main', '^src/cli', 'cli stands on main'),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] } },
};
