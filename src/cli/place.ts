/** Where the user stands: relative paths on the command line are relative to that folder. */
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** npm scripts that are this command line in disguise. */
const OWN_SCRIPTS = new Set(['decile', 'demo', 'engines']);

/**
 * `npm run decile -- ...` moves to the package's folder and keeps the user's own in INIT_CWD. That variable is only
 * believed when npm started this very script: another program's npm script may call `decile` from a folder of its choice.
 */
export function userFolder(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): string {
  const own =
    OWN_SCRIPTS.has(env.npm_lifecycle_event ?? '') && env.npm_package_name === 'decile' && resolve(cwd) === ROOT;
  return own && env.INIT_CWD ? env.INIT_CWD : cwd;
}

export const userPath = (path: string): string => (isAbsolute(path) ? path : resolve(userFolder(), path));
