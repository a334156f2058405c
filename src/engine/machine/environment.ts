/** Environment variables that the engine's native library and the C library read once, as a process starts. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { unknownVariables } from '../../core/environment-names.ts';
import { DecileError } from '../../core/errors.ts';

/**
 * What the process that computes is started with. Measured on 2 Zen cores with TensorFlow 2.21:
 * - TF_ENABLE_ONEDNN_OPTS: TensorFlow leaves oneDNN off on processors without AVX-512, where a convolution forward and
 *   back takes 10 times as long without it (8 channels, 64x64x32: 512 ms against 44 ms).
 * - MALLOC_*, GLIBC_TUNABLES: glibc gives maps above 32 MB back to the kernel at each op and takes them anew, page by page.
 *   U-Net of width 16 at 96x96x64: 158,000 page faults a step without, 17 with them; system time 0.60 s against 0.18 s.
 *   Only a process that starts with them is affected; other C libraries ignore them.
 * @param threads cores to use; default DECILE_THREADS, else all
 */
export function trainerEnvironment(threads = threadCount()): Record<string, string> {
  const environment: Record<string, string> = {
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    MALLOC_MMAP_THRESHOLD_: '4294967296',
    MALLOC_TRIM_THRESHOLD_: '4294967296',
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  };
  return threads > 0 ? { ...environment, ...libraryThreads(threads) } : environment;
}

const libraryThreads = (threads: number) => ({
  TF_NUM_INTRAOP_THREADS: String(threads),
  OMP_NUM_THREADS: String(threads),
});

/** The environment of a process that computes on `threads` cores, or on as many as this one may. What the user set goes before ours. */
export function hostEnvironment(threads?: number): Record<string, string | undefined> {
  const own = threads === undefined ? {} : { DECILE_THREADS: String(threads), ...libraryThreads(threads) };
  return { ...trainerEnvironment(), ...process.env, ...own };
}

/** A sentence for each variable of this process that looks like one of the program's and is none. */
export const misspeltVariables = (): string[] =>
  unknownVariables(Object.keys(process.env), process.platform === 'win32');

/** The cores that an engine may use: DECILE_THREADS, else all. */
export const usableCores = (): number => threadCount() || availableParallelism();

/**
 * DECILE_THREADS as a number of cores; 0 leaves the choice to the library.
 * @throws option/invalid
 */
function threadCount(): number {
  const given = process.env.DECILE_THREADS || '0';
  if (/^\d{1,4}$/.test(given)) return Number(given);
  throw new DecileError(
    'option/invalid',
    `DECILE_THREADS must be a whole number of cores, 0 for all, got ${given}.`,
    'Correct it, or leave it out to use all cores.',
  );
}

/**
 * Whether DECILE_MATRIX_UNITS asks for a chip's matrix units.
 * @throws option/invalid
 */
export function matrixUnitsAsked(): boolean {
  const given = process.env.DECILE_MATRIX_UNITS || 'off';
  if (given === 'on' || given === 'off') return given === 'on';
  throw new DecileError(
    'option/invalid',
    `DECILE_MATRIX_UNITS must be on or off, got ${given}.`,
    'Correct it, or leave it out: off is what it is then.',
  );
}

/** Asked before anything computes: what is misspelt is not left out without a word. @throws option/invalid */
export function checkEnvironment(): void {
  threadCount();
  matrixUnitsAsked();
}

/** Sets what is not set yet in this process; must run before the native library is loaded. */
export function prepareEnvironment(): void {
  for (const [name, value] of Object.entries(trainerEnvironment())) process.env[name] ??= value;
}

/** Whether oneDNN computes on 16 values at once here (AVX-512). Told by Linux alone; elsewhere the plain forms are taken. */
export function hasWideVectors(): boolean {
  if (process.env.ONEDNN_MAX_CPU_ISA?.startsWith('AVX2') || process.platform !== 'linux') return false;
  try {
    return /^flags.*\bavx512f\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

/** TensorFlow prints one line about oneDNN as it is loaded, whatever the log level; whoever shows its stderr may leave it out. */
export function isLibraryChatter(line: string): boolean {
  return (
    line.startsWith('WARNING: All log messages before absl') || /port\.cc:\d+\] oneDNN custom operations/.test(line)
  );
}
