/** Projects with predictions that no network made: what review, comparison and reports start from. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LabelMap } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { entropyFile, type Run, type Scan, type Store } from '../../src/project/store/index.ts';

/** Keeps `mask` as what `run` predicted for the scan, with the mean entropy of each slice along k in nats. */
export async function keepPrediction(
  store: Store,
  run: Run,
  scan: Scan,
  mask: LabelMap,
  sliceEntropy: number[],
): Promise<void> {
  const kept = await saveMaskVersion(store, scan, mask, { origin: 'predicted', accepted: false, run: run.id });
  const file = entropyFile(run.id, scan.id, kept.version);
  const [nx, ny] = scan.size;
  const data = Float32Array.from({ length: mask.data.length }, (_, v) => sliceEntropy[Math.floor(v / (nx * ny))]);
  mkdirSync(dirname(store.path(file)), { recursive: true });
  await writeNifti(store.path(file), { ...mask, data });
  store.predictions.put({
    run: run.id,
    scan: scan.id,
    mask: kept.id,
    entropyFile: file,
    meanEntropy: sliceEntropy.reduce((sum, value) => sum + value, 0) / sliceEntropy.length,
    sliceEntropy,
    volumesMl: kept.labels.map(({ ml }) => ml),
    seconds: 1,
  });
}
