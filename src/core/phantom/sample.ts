/** Turns a description of anatomy in millimetres into voxels with partial volume. */
import type { Grid } from '../volume.ts';
import { voxelCount } from '../volume.ts';

/** What stands at one point. `tissue` decides where borders run, `label` is the mask's value. */
export interface Tissue {
  tissue: number;
  value: number;
  label: number;
}

/** Fills and returns `out` for the point (x, y, z), mm, LPS axes, origin at the middle of the grid. */
export type Anatomy = (x: number, y: number, z: number, out: Tissue) => Tissue;

// A tetrahedron inside the voxel: four points that no axis-parallel border cuts unevenly.
const CORNERS = [-1, -1, -1, 1, 1, -1, 1, -1, 1, -1, 1, 1].map((c) => c * 0.27);

/**
 * Evaluates each voxel's centre, and four more points where a neighbour holds another tissue: the value is their mean,
 * the label that of at least half of them.
 */
export function sampleAnatomy(anatomy: Anatomy, grid: Grid): { values: Float32Array; labels: Uint8Array } {
  const [ni, nj, nk] = grid.size;
  const [si, sj, sk] = grid.spacing;
  const tissues = new Uint8Array(voxelCount(grid));
  const values = new Float32Array(tissues.length);
  const labels = new Uint8Array(tissues.length);
  const out: Tissue = { tissue: 0, value: 0, label: 0 };
  const [hi, hj, hk] = [(ni - 1) / 2, (nj - 1) / 2, (nk - 1) / 2];

  for (let k = 0, n = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, n++) {
        anatomy((i - hi) * si, (j - hj) * sj, (k - hk) * sk, out);
        tissues[n] = out.tissue;
        values[n] = out.value;
        labels[n] = out.label;
      }

  for (let k = 0, n = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, n++) {
        if (!atBorder(tissues, n, i, j, k, grid.size)) continue;
        let sum = 0;
        const votes = [0, 0];
        for (let c = 0; c < 12; c += 3) {
          anatomy((i - hi + CORNERS[c]) * si, (j - hj + CORNERS[c + 1]) * sj, (k - hk + CORNERS[c + 2]) * sk, out);
          sum += out.value;
          votes[out.label > 0 ? 1 : 0]++;
        }
        values[n] = (values[n] + sum) / 5;
        votes[labels[n] > 0 ? 1 : 0]++;
        labels[n] = votes[1] > votes[0] ? 1 : 0;
      }
  return { values, labels };
}

function atBorder(t: Uint8Array, n: number, i: number, j: number, k: number, [ni, nj, nk]: Grid['size']): boolean {
  const own = t[n];
  const plane = ni * nj;
  return (
    (i > 0 && t[n - 1] !== own) ||
    (i < ni - 1 && t[n + 1] !== own) ||
    (j > 0 && t[n - ni] !== own) ||
    (j < nj - 1 && t[n + ni] !== own) ||
    (k > 0 && t[n - plane] !== own) ||
    (k < nk - 1 && t[n + plane] !== own)
  );
}
