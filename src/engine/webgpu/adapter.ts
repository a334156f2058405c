/** The GPU of this machine: in Node through the optional npm package `webgpu` (Dawn), in a window through Chromium. */
import { DecileError } from '../../core/errors.ts';

/** What an adapter says of itself, for people and for the chooser. */
export interface AdapterFacts {
  name: string;
  vendor: string;
  architecture: string;
  /** Emulated by the processor: right, and slower than every other engine. */
  software: boolean;
  limits: Record<LimitName, number>;
  /** What of `FEATURES` the device was started with. */
  features: string[];
  /** Its units multiply matrices of 16 by 16 in half precision with float32 sums, 32 threads a product. */
  matrixUnits: boolean;
}

/** What is used where it is there, and not needed: times by kernel, half precision, and the chip's own small products. */
const FEATURES = ['timestamp-query', 'shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as const;

const featuresOf = (adapter: GPUAdapter): string[] => FEATURES.filter((name) => adapter.features.has(name));

/** The limits that decide what fits; the device gets as much of each as its adapter has. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxStorageBuffersPerShaderStage',
] as const;
export type LimitName = (typeof LIMITS)[number];

interface WebgpuPackage {
  create(options: string[]): GPU;
  globals: object;
}

/** The entry of WebGPU: a window's own, or Dawn's. Kept for good: Dawn ends, devices and all, with the object that `create` gave. */
let entry: Promise<GPU> | undefined;

/** Of Dawn: features that are not in the standard yet, half precision on NVIDIA's driver too, and times to the nanosecond. */
const TOGGLES = [
  'enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia',
  'disable-dawn-features=timestamp_quantization',
];

const NOTHING =
  "Use another engine; in Node this one needs a graphics driver with Vulkan, Metal or Direct3D 12 and the optional package `webgpu`; NVIDIA's on Linux also libvulkan1, libegl1, libx11-6 and libxext6.";

async function findEntry(): Promise<GPU> {
  const own = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (own) return own;
  // The name in a variable: the package is optional, and a bundle must not try to hold it.
  const name = 'webgpu';
  let loaded: WebgpuPackage;
  try {
    loaded = (await import(/* @vite-ignore */ name)) as WebgpuPackage;
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new DecileError('engine/not-installed', `The package webgpu must load, got: ${reason}.`, NOTHING);
  }
  Object.assign(globalThis, loaded.globals);
  return loaded.create(TOGGLES);
}

/** @throws DecileError `engine/not-installed` without WebGPU or without any adapter */
export async function findAdapter(): Promise<GPUAdapter> {
  entry ??= findEntry();
  let gpu: GPU;
  try {
    gpu = await entry;
  } catch (error) {
    entry = undefined;
    throw error;
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new DecileError('engine/not-installed', 'The engine webgpu must find a GPU adapter, got none.', NOTHING);
  }
  return adapter;
}

interface AdapterInfo {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  isFallbackAdapter?: boolean;
  subgroupMinSize?: number;
  subgroupMaxSize?: number;
  subgroupMatrixConfigs?: Iterable<MatrixConfiguration>;
}

/** Sizes and types of one product of a chip's matrix units; what the type of its sums is called differs. */
export interface MatrixConfiguration {
  M: number;
  N: number;
  K: number;
  componentType: string;
  resultComponentType?: string;
  resultType?: string;
}

export const matrixConfigurations = (adapter: GPUAdapter): Required<Omit<MatrixConfiguration, 'resultType'>>[] =>
  [...((adapter as unknown as { info: AdapterInfo }).info.subgroupMatrixConfigs ?? [])].map(
    ({ M, N, K, componentType, resultComponentType, resultType }) => ({
      ...{ M, N, K, componentType },
      resultComponentType: resultComponentType ?? resultType ?? 'unknown',
    }),
  );

/** Products that kernels are written for: products.ts. */
function hasMatrixUnits(adapter: GPUAdapter, info: AdapterInfo): boolean {
  const needed = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'];
  return (
    needed.every((name) => adapter.features.has(name)) &&
    (info.subgroupMinSize ?? 32) === 32 &&
    (info.subgroupMaxSize ?? 32) === 32 &&
    matrixConfigurations(adapter).some(
      ({ M, N, K, componentType, resultComponentType }) =>
        M === 16 && N === 16 && K === 16 && componentType === 'f16' && resultComponentType === 'f32',
    )
  );
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

export function describeAdapter(adapter: GPUAdapter): AdapterFacts {
  const info = (adapter as unknown as { info: AdapterInfo }).info;
  const words = [info.description, info.device, info.architecture, info.vendor].filter(Boolean);
  return {
    name: words[0] ?? 'unnamed adapter',
    vendor: info.vendor || 'unknown',
    architecture: info.architecture || 'unknown',
    software: info.isFallbackAdapter === true || SOFTWARE.test(words.join(' ')),
    limits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])) as AdapterFacts['limits'],
    features: featuresOf(adapter),
    matrixUnits: hasMatrixUnits(adapter, info),
  };
}

/** A device with the adapter's own limits; the defaults (128 MiB a binding) are too small for a 96^3 patch. */
export function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  return adapter.requestDevice({
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
    requiredFeatures: featuresOf(adapter) as GPUFeatureName[],
  });
}
