/**
 * Lets Node load the test files that TensorFlow.js ships (dist, *_test.js): they are written for bundlers, so imports lack
 * endings, and they ask for one copy of the library, where Node would take a second from its other build.
 */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/** The library's packages, side by side. */
const PACKAGES = dirname(dirname(require.resolve('@tensorflow/tfjs/package.json')));
/** Folder of the core's modules. */
export const CORE = join(PACKAGES, 'tfjs-core', 'dist');

/** What stands at a path without an ending. */
const whole = (path: string): string | undefined =>
  [path, `${path}.js`, join(path, 'index.js')].find((file) => file.endsWith('.js') && existsSync(file));

/** The file that a bundler takes for `name` in the module at `parent`; undefined where Node finds it itself. */
function bundled(name: string, parent: string | undefined): string | undefined {
  if (name === 'seedrandom') return fileURLToPath(new URL('./seedrandom.ts', import.meta.url));
  const [, library, below] = /^@tensorflow\/([^/]+)(?:\/(.+))?$/.exec(name) ?? [];
  if (library) return whole(join(PACKAGES, library, below ?? 'dist'));
  if (!parent?.startsWith(pathToFileURL(PACKAGES).href) || !name.startsWith('.')) return undefined;
  return whole(join(dirname(fileURLToPath(parent)), name));
}

export function loadAsBundled(): void {
  // As a bundler gives it. Of jasmine the library only sets the time limit, which is ours to choose.
  const given = (name: string): unknown =>
    name.startsWith('jasmine-core/') ? Object.assign(() => ({}), { core: () => ({}) }) : require(name);
  Object.assign(globalThis, { require: Object.assign(given, { resolve: require.resolve }) });
  registerHooks({
    resolve(name, context, next) {
      const file = bundled(name, context.parentURL);
      return file
        ? { url: pathToFileURL(file).href, ...(file.endsWith('.js') && { format: 'module' }), shortCircuit: true }
        : next(name, context);
    },
  });
}
