/** tfjs-node in the cache must meet the program's own copy of TensorFlow.js: a second copy would register its backend elsewhere. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['@tensorflow/tfjs', '@tensorflow/tfjs-core'];

/** Puts packages into `folder`/node_modules that hand on what src/engine/tensorflow/index.ts left in globalThis. */
export function writeTfjsStandIn(folder: string): void {
  for (const name of NAMES) {
    const target = join(folder, 'node_modules', name);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'package.json'), `{ "name": "${name}", "main": "index.js" }\n`);
    writeFileSync(join(target, 'index.js'), "module.exports = globalThis[Symbol.for('decile.tfjs')];\n");
  }
}
