/** The cases that the viewer's bench opens, made in memory. */
import { type Grid, type LabelMap, lpsPoint, spacingMm, type Volume } from '../../src/core/volume.ts';
import type { LabelInfo } from '../../src/shared/contract/index.ts';
import type { HarnessCase } from '../../test/viewer/harness/server.ts';

export const LABELS: LabelInfo[] = ['#e69f00', '#56b4e9', '#cc79a7'].map((colour, n) => ({
  value: n + 1,
  name: `label ${n + 1}`,
  colour,
  locked: false,
}));

/** A textured ball of two labels with an uncertain rim. `predicted`: with a prediction to review, else a bare scan. */
export function makeCase(name: string, size: Grid['size'], predicted = true): HarnessCase {
  const grid: Grid = {
    size,
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  const voxels = size[0] * size[1] * size[2];
  const scan: Volume<Int16Array> = { ...grid, data: new Int16Array(voxels) };
  const prediction: LabelMap = { ...grid, data: new Uint8Array(predicted ? voxels : 0) };
  const entropy: Volume<Float32Array> = { ...grid, data: new Float32Array(predicted ? voxels : 0) };
  const middle = size.map((side) => side / 2);
  const side = Math.min(...size);
  for (let k = 0, v = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      for (let i = 0; i < size[0]; i++, v++) {
        const distance = Math.hypot(i - middle[0], j - middle[1], k - middle[2]);
        scan.data[v] = distance < side * 0.42 ? 40 + ((v * 2654435761) % 97) - 48 : -1000;
        if (!predicted) continue;
        if (distance < side * 0.2) prediction.data[v] = 1 + (i > middle[0] ? 1 : 0);
        if (Math.abs(distance - side * 0.2) < 2) entropy.data[v] = 0.5;
      }
    }
  }
  const flagged = [middle[2], middle[2] + 9];
  return predicted
    ? { name, modality: 'CT', scan, mask: null, prediction, entropy, flagged }
    : { name, modality: 'CT', scan, mask: null };
}
