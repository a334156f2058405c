/** `decile engines`: what can compute here, what would be used, how fast it is, and what would make it faster. */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../../core/options.ts';
import { keepAdapter } from '../choose/known-adapter.ts';
import { trainerEnvironment } from '../machine/environment.ts';
import { findNvidiaDriver } from '../machine/nvidia.ts';
import { findTensorflow, TFJS_NODE_VERSION, tensorflowCacheFolder } from '../tensorflow/installation.ts';
import type { AdapterFacts } from '../webgpu/index.ts';
import { fasterAdvice } from './advice.ts';
import type { Probe, ProbeFailure } from './probe.ts';

export interface EngineStatus {
  name: Exclude<EngineName, 'auto'>;
  installed: boolean;
  /** Where it was found, or why it cannot be used. */
  detail: string;
  /** Measured in a process of its own; absent when it is not installed or failed. */
  probe?: Probe;
}

export interface EnginesReport {
  /** The engine that `auto` takes: the one whose step was the fastest just now. */
  used: EngineStatus['name'];
  engines: EngineStatus[];
  machine: { processor: string; cores: number; memoryGiB: number; node: string; tfjs: string };
  nvidia: { gpus: string[]; driver: string } | null;
  /** What would make it faster, one sentence each. */
  advice: string[];
}

export async function reportEngines(): Promise<EnginesReport> {
  const driver = findNvidiaDriver();
  const tensorflow = tensorflowStatus();
  const webgpu = webgpuStatus();
  const measured = measure('simd');
  const simd: EngineStatus = {
    name: 'simd',
    installed: true,
    detail: measured.failure ?? 'own WebAssembly kernels, always there',
    probe: measured.probe,
  };
  const cpu: EngineStatus = {
    name: 'cpu',
    installed: true,
    detail: 'TensorFlow.js itself, always there',
    ...measure('cpu'),
  };
  return {
    used: usedByAuto([tensorflow, webgpu, simd]),
    engines: [tensorflow, webgpu, simd, cpu],
    machine: {
      processor: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      node: process.versions.node,
      tfjs: TFJS_NODE_VERSION,
    },
    nvidia: driver ? { gpus: driver.gpus, driver: driver.version } : null,
    advice: fasterAdvice(tensorflow.installed && !tensorflow.probe),
  };
}

/** The faster one of those that work. */
function usedByAuto(candidates: EngineStatus[]): EngineStatus['name'] {
  const working = candidates.filter((engine) => engine.probe?.step);
  const seconds = (engine: EngineStatus) => engine.probe?.step?.seconds ?? Number.POSITIVE_INFINITY;
  return working.sort((a, b) => seconds(a) - seconds(b))[0]?.name ?? 'cpu';
}

function tensorflowStatus(): EngineStatus {
  const [installation] = findTensorflow();
  if (!installation) {
    return { name: 'tensorflow', installed: false, detail: `none in ${tensorflowCacheFolder()} or node_modules` };
  }
  const measured = measure('tensorflow');
  const where = `${installation.gpu ? 'with CUDA, ' : ''}in ${installation.packageFolder}`;
  return { name: 'tensorflow', installed: true, detail: measured.failure ?? where, probe: measured.probe };
}

/** Its probe tells a missing adapter from one that does not compute; the chooser is told too. */
function webgpuStatus(): EngineStatus {
  const { probe, failure, absent } = measure('webgpu');
  keepAdapter(probe?.adapter ?? null);
  if (!probe) return { name: 'webgpu', installed: !absent, detail: failure ?? '' };
  const { vendor, architecture, software, limits } = probe.adapter as AdapterFacts;
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  const kind = software ? 'software adapter, for checks alone: never measured for auto' : 'GPU, measured for auto';
  const detail = `${kind}; vendor ${vendor}, type ${architecture}; buffers up to ${mebibytes(limits.maxBufferSize)}, bindings ${mebibytes(limits.maxStorageBufferBindingSize)}, ${limits.maxComputeWorkgroupStorageSize / 1024} KiB shared by ${limits.maxComputeInvocationsPerWorkgroup} threads`;
  return { name: 'webgpu', installed: true, detail, probe };
}

function measure(name: EngineStatus['name']): { probe?: Probe; failure?: string; absent?: boolean } {
  const script = fileURLToPath(new URL('probe.ts', import.meta.url));
  const env = { ...process.env, ...trainerEnvironment() };
  const run = spawnSync(process.execPath, [script, name], { encoding: 'utf8', timeout: 120_000, env });
  try {
    const answer = JSON.parse(run.stdout) as Probe | ProbeFailure;
    return 'failure' in answer ? answer : { probe: answer };
  } catch {
    const reason = run.stderr.trim().split('\n').at(-1) ?? run.error?.message;
    return { failure: `does not compute: ${reason || `ended with ${run.status ?? run.signal}`}` };
  }
}

/** The report for a terminal. */
export function describeEngines(report: EnginesReport): string {
  const { machine, nvidia } = report;
  const lines = [
    `Machine   ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB; Node ${machine.node}`,
    `GPU       ${nvidia ? `${nvidia.gpus.join('; ')} (driver ${nvidia.driver})` : 'no NVIDIA driver found'}`,
    '',
    ...report.engines.flatMap(describeEngine),
    `Used by --engine auto: ${report.used}`,
  ];
  if (report.advice.length > 0) lines.push('', 'Faster:', ...report.advice.map((line) => `  ${line}`));
  return lines.join('\n');
}

function describeEngine({ name, installed, detail, probe }: EngineStatus): string[] {
  if (!probe) return [`${name.padEnd(12)}${installed ? 'broken' : 'not installed'}: ${detail}`, ''];
  const speed = (value: number) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} GFLOP/s`;
  return [
    `${name.padEnd(12)}${probe.device}`,
    `            ${detail}`,
    `            3D convolution ${probe.shape}: forward ${speed(probe.forward)}, gradients ${speed(probe.backward)}`,
    ...(probe.step
      ? [
          `            one step of the default, width ${probe.step.width}, 1 + 1 patches of ${probe.step.patch.join('x')}: ${probe.step.seconds.toFixed(2)} s; ${probe.step.steps.toLocaleString('en')} steps: ${Math.max(1, Math.round((probe.step.steps * probe.step.seconds) / 60))} min${probe.step.busy ? ' (other programs are busy; faster when they rest)' : ''}`,
        ]
      : []),
    `            largest difference from the plain sum: ${probe.difference.toExponential(1)} of the largest value`,
    '',
  ];
}
