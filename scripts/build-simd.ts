/**
 * `npm run build:simd [-- --check]`: compiles the kernels of the simd engine, with and without relaxed SIMD, into
 * src/engine/simd/wasm.generated.ts; with --check only says whether that file is up to date.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'src/engine/simd/wasm.generated.ts');
const out = mkdtempSync(join(tmpdir(), 'decile-simd-'));

const BASE = ['--runtime', 'stub', '-O3', '--noAssert', '--use', 'abort=', '--importMemory', '--sharedMemory'];
const SIZES = ['--initialMemory', '1', '--maximumMemory', '65536', '--memoryBase', '1024'];

// The sources end in .as, so that tools for TypeScript leave them alone; their compiler wants .ts.
const sources = join(root, 'src/engine/simd/assembly');
for (const name of readdirSync(sources)) copyFileSync(join(sources, name), join(out, name.replace(/\.as$/, '.ts')));

/** One build as base64. */
function compile(name: string, features: string[]): string {
  const file = join(out, `${name}.wasm`);
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const args = [asc, 'index.ts', ...BASE, ...SIZES, '--outFile', file];
  for (const feature of features) args.push('--enable', feature);
  const run = spawnSync(process.execPath, args, { cwd: out, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr || run.stdout);
  return readFileSync(file).toString('base64');
}

const plain = compile('plain', ['simd', 'threads']);
const relaxed = compile('relaxed', ['simd', 'threads', 'relaxed-simd']);
rmSync(out, { recursive: true });
const text = `/** Made by \`npm run build:simd\` from assembly/: the kernels, base64. */\n// biome-ignore-all format: generated\nexport const PLAIN = '${plain}';\nexport const RELAXED = '${relaxed}';\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') === text) process.exit(0);
  console.error(`${target} must be what assembly/ compiles to, got another build. Run npm run build:simd.`);
  process.exit(1);
}
writeFileSync(`${target}.new`, text);
renameSync(`${target}.new`, target);
console.log(
  `${target}: ${Math.round((plain.length * 3) / 4)} and ${Math.round((relaxed.length * 3) / 4)} bytes of WebAssembly`,
);
