/** Which convolutions a graphics card's matrix units do: measured once on a machine, so that a run that goes on computes as it began. */
import { keepInCache, keyOf, machineKey, readCache } from '../machine/cache-file.ts';
import { matrixUnitsAsked } from '../machine/environment.ts';
import { ALL_HALVES, type Halves, measureHalves, NO_HALVES } from '../webgpu/halves.ts';
import { webgpuBackend, webgpuKernels } from '../webgpu/index.ts';

const FILE = 'matrix-units.json';

/**
 * Tells the webgpu backend, which is current, what to do by matrix units, where `DECILE_MATRIX_UNITS=on` asks for that; nothing where the card
 * has none. Not by itself: whole trainings ended a little worse than in float32 (`npm run bench -- halves`, docs/explanation/engines.md).
 */
export async function chooseMatrixUnits(): Promise<void> {
  const backend = webgpuBackend();
  const { name, matrixUnits } = backend.gpu.facts;
  if (!matrixUnits || !matrixUnitsAsked()) return;
  const key = keyOf(machineKey(), name);
  const known = readCache<Halves>(FILE)[key];
  backend.halves = known ?? (await measured());
  if (!known) keepInCache(FILE, key, backend.halves);
}

/** None where anything fails: float32 is there. */
async function measured(): Promise<Halves> {
  const sets = { full: webgpuKernels({ halves: NO_HALVES }), half: webgpuKernels({ halves: ALL_HALVES }) };
  return measureHalves(webgpuBackend().gpu, sets).catch(() => NO_HALVES);
}
