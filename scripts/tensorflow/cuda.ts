/** Which TensorFlow with CUDA fits an NVIDIA driver and its GPUs. */
import type { NvidiaDriver } from '../../src/engine/machine/nvidia.ts';

/** What a build of TensorFlow asks for. */
interface Build {
  /** Versions of the wheel for pip. */
  versions: string;
  cuda: string;
  /** The oldest driver on Linux, by CUDA's minor version compatibility. */
  driver: string;
  /** Compute capabilities of the GPUs that it has kernels for. */
  capabilities: readonly [least: number, most: number];
}

/**
 * Newest first. From 2.18 on the wheels have no kernels for Maxwell (release notes of 2.18); newer GPUs than a wheel knows compile its
 * kernels anew at the first start.
 */
const WHEELS: readonly Build[] = [
  { versions: '>=2.16,<3', cuda: '12', driver: '525.60.13', capabilities: [6, Number.POSITIVE_INFINITY] },
  { versions: '>=2.16,<2.18', cuda: '12', driver: '525.60.13', capabilities: [5, Number.POSITIVE_INFINITY] },
];
/** libtensorflow 2.9, as TensorFlow.js publishes it. */
const PUBLISHED: Build = { versions: '2.9.1', cuda: '11.2', driver: '450.80.02', capabilities: [3.5, 8.6] };

/** pip's versions of the wheel that fits. @throws what does not fit, and what helps */
export const wheelFor = (driver: NvidiaDriver | undefined): string => fitting(WHEELS, driver, 'The wheels').versions;

/** @throws where the published package does not fit, and what helps */
export const checkPublished = (driver: NvidiaDriver | undefined): void => {
  fitting([PUBLISHED], driver, 'The published package');
};

function fitting(builds: readonly Build[], driver: NvidiaDriver | undefined, what: string): Build {
  if (!driver)
    throw new Error(
      'an NVIDIA driver must be there, got none that nvidia-smi tells of. Install it (Debian: nvidia-driver), or leave CUDA out with --no-gpu',
    );
  const [{ cuda }] = builds;
  const oldest = builds.map((build) => build.driver).sort(byVersion)[0];
  if (byVersion(driver.version, oldest) < 0)
    throw new Error(
      `${what} with CUDA ${cuda} must have a driver of ${oldest} or newer, got ${driver.version}. Update the driver; until then --engine webgpu computes on the same GPU without CUDA`,
    );
  const { capabilities } = driver;
  // Drivers before 2021 do not tell; then the wheel has to be tried.
  if (capabilities.length === 0) return builds[0];
  const found = builds.find(({ capabilities: [least, most] }) =>
    capabilities.some((own) => own >= least && own <= most),
  );
  if (found) return found;
  const [least] = builds.at(-1)?.capabilities ?? [];
  const [, most] = builds[0].capabilities;
  const range = Number.isFinite(most) ? `of ${least} to ${most}` : `of ${least} or more`;
  throw new Error(
    `${what} with CUDA ${cuda} must have a GPU with a compute capability ${range}, got ${capabilities.join(', ')} (${driver.gpus.join('; ')}). --engine webgpu computes on it without CUDA`,
  );
}

/** Below 0 where a is older than b; both as 525.60.13. */
function byVersion(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let n = 0; n < Math.max(left.length, right.length); n++) {
    const difference = (left[n] ?? 0) - (right[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
