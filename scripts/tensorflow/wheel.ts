/** Builds the TensorFlow.js addon against the TensorFlow that a Python wheel carries. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findNvidiaDriver } from '../../src/engine/machine/nvidia.ts';
import { type InstallationRecord, TFJS_NODE_VERSION } from '../../src/engine/tensorflow/installation.ts';
import { run, unpackNpmPackage, works } from './commands.ts';
import { wheelFor } from './cuda.ts';
import { writeTfjsStandIn } from './stand-in.ts';

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
/** The C interface and what its headers include; the wheel's other 12,000 headers stay packed. */
const HEADERS = ['tensorflow/c/', 'tensorflow/core/platform/', 'xla/tsl/', 'tsl/'];
const VERSIONS = '>=2.16,<3';

/** Reads sys.argv: wheel, target, then prefixes of what to unpack. */
const UNPACK = `
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(tuple(sys.argv[3:]))])
`;

export function installFromWheel(folder: string, gpu: boolean, say: (line: string) => void): InstallationRecord {
  if (process.platform !== 'linux') throw new Error('building against the Python wheel is for Linux');
  // Before anything is fetched: CUDA's libraries are some GB.
  const cuda = gpu ? wheelFor(findNvidiaDriver()) : undefined;
  const python = ['python3', 'python'].find((name) => works(name, ['-m', 'pip', '--version']));
  if (!python) throw new Error('python3 with pip is not there');
  const compiler = ['g++', 'clang++', 'c++'].find((name) => works(name, ['--version']));
  if (!compiler) throw new Error('a C++ compiler (g++) is not there');

  const packageName = '@tensorflow/tfjs-node';
  const packageFolder = join(folder, 'node_modules', packageName);
  unpackNpmPackage(`${packageName}@${TFJS_NODE_VERSION}`, packageFolder);
  // The addon's JavaScript needs this one package besides TensorFlow.js.
  unpackNpmPackage('google-protobuf@3', join(folder, 'node_modules', 'google-protobuf'));
  unpackNpmPackage('node-api-headers@1', join(folder, 'node-api-headers'));
  writeTfjsStandIn(folder);

  const version = cuda ? unpackWithCuda(python, folder, cuda, say) : unpackCpu(python, folder, say);
  const lib = join(packageFolder, 'deps', 'lib');
  mkdirSync(lib, { recursive: true });
  for (const name of LIBRARIES) renameSync(join(folder, 'wheel', 'tensorflow', name), join(lib, name));

  say('  compiling the addon');
  mkdirSync(join(packageFolder, 'lib', 'napi-v8'), { recursive: true });
  compile(compiler, folder, packageFolder);
  rmSync(join(folder, 'wheel'), { recursive: true });
  rmSync(join(folder, 'node-api-headers'), { recursive: true });
  return { packageName, source: 'wheel', tensorflow: version, gpu };
}

function compile(compiler: string, folder: string, packageFolder: string): void {
  const headers = [
    join(folder, 'node-api-headers', 'include'),
    join(folder, 'wheel', 'tensorflow', 'include'),
    'binding',
  ];
  run(
    compiler,
    [
      ...['-O2', '-w', '-fPIC', '-shared', '-std=c++17', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
      ...headers.map((path) => `-I${path}`),
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-o', 'lib/napi-v8/tfjs_binding.node'],
      ...['-Ldeps/lib', ...LIBRARIES.map((name) => `-l:${name}`), '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ],
    { cwd: packageFolder },
  );
}

/** Unpacks libraries and headers of the wheel without CUDA into folder/wheel; returns TensorFlow's version. */
function unpackCpu(python: string, folder: string, say: (line: string) => void): string {
  // The wheel named tensorflow-cpu exists for x86 alone; elsewhere the plain one has no CUDA either.
  const name = process.arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow';
  const downloads = join(folder, 'downloads');
  say(`  fetching the Python wheel ${name}`);
  run(python, [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--retries',
    '1',
    '--no-deps',
    '--dest',
    downloads,
    name + VERSIONS,
  ]);
  const wheel = readdirSync(downloads).find((file) => file.endsWith('.whl'));
  if (!wheel) throw new Error(`pip left no wheel of ${name}`);
  say(`  unpacking ${wheel}`);
  const wanted = [
    ...LIBRARIES.map((file) => `tensorflow/${file}`),
    ...HEADERS.map((path) => `tensorflow/include/${path}`),
  ];
  run(python, ['-c', UNPACK, join(downloads, wheel), join(folder, 'wheel'), ...wanted]);
  rmSync(downloads, { recursive: true });
  return wheel.split('-')[1];
}

/** As unpackCpu, with the CUDA libraries of NVIDIA's wheels where libtensorflow looks for them: ../nvidia from its folder. */
function unpackWithCuda(python: string, folder: string, versions: string, say: (line: string) => void): string {
  const site = join(folder, 'wheel');
  say(`  fetching the Python wheel tensorflow[and-cuda]${versions} (some GB)`);
  run(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--retries',
    '1',
    '--target',
    site,
    `tensorflow[and-cuda]${versions}`,
  ]);
  const info = readdirSync(site).find((name) => /^tensorflow-[\d.]+\.dist-info$/.test(name));
  if (!info || !existsSync(join(site, 'nvidia'))) throw new Error('pip installed no TensorFlow with CUDA');
  renameSync(join(site, 'nvidia'), join(folder, 'nvidia'));
  const deps = join(folder, 'node_modules', '@tensorflow', 'tfjs-node', 'deps');
  mkdirSync(deps, { recursive: true });
  symlinkSync(join('..', '..', '..', '..', 'nvidia'), join(deps, 'nvidia'));
  return info.slice('tensorflow-'.length, -'.dist-info'.length);
}
