/** The one chooser of what computes. Importing '@tensorflow/tfjs' elsewhere is fine: there is one copy and one current backend. */
import os from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';
import type { EngineName } from '../../core/options.ts';
import { convolutionError } from '../backend/self-check.ts';
import { checkEnvironment } from '../machine/environment.ts';
import { registerSimd, simdBackend } from '../simd/index.ts';
import { computesOnGpu, registerTensorflow } from '../tensorflow/index.ts';
import { findTensorflow, type TensorflowInstallation } from '../tensorflow/installation.ts';
import { registerWebgpu, stopWebgpu, webgpuBackend, webgpuKernels } from '../webgpu/index.ts';
import { chooseMatrixUnits } from './matrix-units.ts';
import { fastestEngine } from './step-times.ts';

/** A running engine; `tf` computes on it. */
export interface Engine {
  name: Exclude<EngineName, 'auto'>;
  /** What computes, for people: `TensorFlow 2.21.0 (2 cores, AMD EPYC)`. */
  device: string;
  /** Set where a graphics card computes. */
  gpu?: true;
  /** Who made the graphics card that computes, as its adapter says. */
  vendor?: string;
  tf: typeof tf;
  /** What the user should know about the choice; empty when nothing. */
  notice: string;
}

const INSTALL = 'Run `npm run setup:tensorflow`; `decile engines` tells what is missing.';

const NO_CARD =
  'TensorFlow with CUDA sees no graphics card: the processor computes. `npm run setup:tensorflow -- --gpu --force` says what does not fit.';

/**
 * Starts an engine and makes it the current one.
 *
 * @throws DecileError `engine/not-installed` when TensorFlow was asked for and is not there,
 *   `engine/broken` when it is there and does not load, `option/invalid` for a misspelt variable of the environment
 */
export async function startEngine(name: EngineName): Promise<Engine> {
  checkEnvironment();
  switch (name) {
    case 'auto':
      return startBest();
    case 'tensorflow': {
      const [installation] = findTensorflow();
      if (!installation) {
        throw new DecileError('engine/not-installed', 'The engine tensorflow must be installed, got none.', INSTALL);
      }
      return startTensorflow(installation);
    }
    case 'webgpu':
      return startWebgpu();
    case 'simd':
      return startSimd('');
    case 'cpu':
      return startCpu('');
  }
}

/**
 * The engine that was measured to be the fastest here. Without a measurement TensorFlow where it was built for a graphics card and
 * loads, without any TensorFlow a real GPU whose values are right, else the own kernels, which are ahead of TensorFlow's on a
 * processor, else plain JavaScript; says why not the better one.
 */
async function startBest(): Promise<Engine> {
  const [installation] = findTensorflow();
  const fastest = fastestEngine();
  if (fastest === 'webgpu' || (!installation && fastest === undefined)) {
    const gpu = await startTrustedGpu(fastest === 'webgpu');
    if (gpu) return gpu;
  }
  let notice = installation ? '' : `TensorFlow is not installed: the program's own engine simd computes.`;
  if (installation && (fastest === 'tensorflow' || (fastest !== 'simd' && installation.gpu))) {
    try {
      return await startTensorflow(installation);
    } catch (error) {
      notice = `${(error as Error).message} The engine simd computes instead.`;
    }
  }
  try {
    return await startSimd(notice);
  } catch (error) {
    return startCpu(`${(error as Error).message} Plain JavaScript computes, about a hundred times slower. ${INSTALL}`);
  }
}

/** Relative error that float32 sums of another order may have. */
const TRUSTED = 1e-4;

/** The GPU, if there is one whose convolution is right; a software adapter only where it was measured to be faster. */
async function startTrustedGpu(measured: boolean): Promise<Engine | undefined> {
  try {
    const engine = await startWebgpu();
    const { software } = webgpuBackend().gpu.facts;
    if ((measured || !software) && (await convolutionError(webgpuKernels())) <= TRUSTED) return engine;
  } catch {
    // No driver, or one that does not compute: the other engines are there.
  }
  stopWebgpu();
  return undefined;
}

async function startWebgpu(): Promise<Engine> {
  await registerWebgpu();
  if (!(await tf.setBackend('webgpu'))) {
    throw new DecileError(
      'engine/broken',
      'The engine webgpu must start, got a backend that did not.',
      'Use --engine simd.',
    );
  }
  await chooseMatrixUnits();
  const { name, vendor, software } = webgpuBackend().gpu.facts;
  return {
    name: 'webgpu',
    device: `WebGPU, ${name} (${vendor}${software ? ', software' : ''})`,
    ...(!software && { gpu: true }),
    vendor,
    tf,
    notice: '',
  };
}

async function startSimd(notice: string): Promise<Engine> {
  try {
    registerSimd();
    if (!(await tf.setBackend('simd'))) throw new Error('the backend did not start');
    const { threads, relaxed } = simdBackend().machine;
    const kind = relaxed ? 'relaxed SIMD' : 'SIMD';
    return { name: 'simd', device: `WebAssembly, ${kind}, ${threads} threads (${describeProcessor()})`, tf, notice };
  } catch (error) {
    const message = `The engine simd must start, got: ${(error as Error).message}.`;
    throw new DecileError('engine/broken', message, 'Use --engine cpu.');
  }
}

async function startTensorflow(installation: TensorflowInstallation): Promise<Engine> {
  let version: string;
  try {
    version = registerTensorflow(installation);
    if (!(await tf.setBackend('tensorflow'))) throw new Error('the backend did not start');
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    const message = `TensorFlow in ${installation.packageFolder} must load, got: ${reason}.`;
    throw new DecileError('engine/broken', message, 'Run `npm run setup:tensorflow -- --force` to set it up anew.');
  }
  const gpu = installation.gpu && computesOnGpu();
  const device = `${gpu ? 'TensorFlow with CUDA' : 'TensorFlow'} ${version} (${describeProcessor()})`;
  const notice = gpu === installation.gpu ? '' : NO_CARD;
  return { name: 'tensorflow', device, ...(gpu && { gpu: true, vendor: 'nvidia' }), tf, notice };
}

async function startCpu(notice: string): Promise<Engine> {
  await tf.setBackend('cpu');
  // The library prints an advertisement on the first use of this backend under Node.
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return { name: 'cpu', device: `JavaScript on one core (${describeProcessor()})`, tf, notice };
}

function describeProcessor(): string {
  const cores = os.availableParallelism();
  const model = os.cpus()[0]?.model.trim().replace(/\s+/g, ' ') ?? 'unknown processor';
  return `${cores} ${cores === 1 ? 'core' : 'cores'}, ${model}`;
}
