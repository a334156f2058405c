/** Random walks on a box of voxels with something known beforehand (Grady, "Multilabel random walker image segmentation using prior models", CVPR 2005). */

/** Voxels along i, j, k. */
type Triple = readonly [number, number, number];

export interface Walk {
  readonly size: Triple;
  /** By axis the weight of the edge from a voxel to the next one along it. */
  readonly weights: readonly [Float32Array, Float32Array, Float32Array];
  /** 1 where x is known: it stays as it is. */
  readonly known: Uint8Array;
  /** What is believed of each voxel without its neighbours, 0 to 1, and how much that weighs. */
  readonly prior: Float32Array;
  readonly strength: Float32Array;
}

/** Of successive over-relaxation: between 1 (Gauss-Seidel) and 2 (does not converge). */
const RELAXATION = 1.7;

/**
 * Minimises sum_ij w_ij (x_i - x_j)^2 + sum_i s_i (x_i - q_i)^2 over the voxels that are not known, by successive over-relaxation.
 * @param x 0 to 1, changed in place: where the sweeps start, and the answer
 */
export function walk(x: Float32Array, { size, weights, known, prior, strength }: Walk, sweeps: number): void {
  const [ni, nj, nk] = size;
  const [wi, wj, wk] = weights;
  const slice = ni * nj;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let k = 0, v = 0; k < nk; k++)
      for (let j = 0; j < nj; j++)
        for (let i = 0; i < ni; i++, v++) {
          if (known[v]) continue;
          let total = strength[v];
          let sum = total * prior[v];
          if (i > 0) {
            total += wi[v - 1];
            sum += wi[v - 1] * x[v - 1];
          }
          if (i + 1 < ni) {
            total += wi[v];
            sum += wi[v] * x[v + 1];
          }
          if (j > 0) {
            total += wj[v - ni];
            sum += wj[v - ni] * x[v - ni];
          }
          if (j + 1 < nj) {
            total += wj[v];
            sum += wj[v] * x[v + ni];
          }
          if (k > 0) {
            total += wk[v - slice];
            sum += wk[v - slice] * x[v - slice];
          }
          if (k + 1 < nk) {
            total += wk[v];
            sum += wk[v] * x[v + slice];
          }
          x[v] = Math.min(1, Math.max(0, x[v] + RELAXATION * (sum / total - x[v])));
        }
  }
}
