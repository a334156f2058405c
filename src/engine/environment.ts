/** Environment variables that the engine's native library reads once, as it is loaded. */

/**
 * What the process that computes is started with.
 *
 * TF_ENABLE_ONEDNN_OPTS: TensorFlow leaves oneDNN off on processors without AVX-512, where it is several times faster too.
 * @param threads cores to use; default DECILE_THREADS, else all
 */
export function trainerEnvironment(threads = threadCount()): Record<string, string> {
  const environment: Record<string, string> = {
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
  if (threads > 0) {
    environment.TF_NUM_INTRAOP_THREADS = String(threads);
    environment.OMP_NUM_THREADS = String(threads);
  }
  return environment;
}

/** DECILE_THREADS as a number of cores; 0 leaves the choice to the library. */
export function threadCount(): number {
  const given = Number(process.env.DECILE_THREADS ?? 0);
  return Number.isInteger(given) && given > 0 ? given : 0;
}

/** Sets what is not set yet in this process; must run before the native library is loaded. */
export function prepareEnvironment(): void {
  for (const [name, value] of Object.entries(trainerEnvironment())) process.env[name] ??= value;
}
