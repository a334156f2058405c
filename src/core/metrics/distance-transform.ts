/** The exact Euclidean distance transform on an anisotropic grid, linear in the number of voxels. */

/** Stands for "no site in this line yet"; larger than any squared distance in mm, and finite in float32. */
const FAR = 1e30;

/**
 * Squared distance from each voxel to the nearest site, mm^2.
 *
 * One pass per axis over g(x) = min_q (g(q) + s^2 (x - q)^2), each line solved through the lower envelope of its
 * parabolas (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, 2012).
 *
 * @param sites [k, j, i], non-zero at sites; at least one
 * @param size voxels along i, j, k
 * @param spacing mm along i, j, k
 * @returns [k, j, i]
 */
export function squaredDistances(
  sites: Uint8Array,
  size: readonly [number, number, number],
  spacing: readonly [number, number, number],
): Float32Array {
  const [ni, nj, nk] = size;
  const field = new Float32Array(sites.length);
  distancesAlongRows(sites, field, ni, spacing[0]);
  const pass = new LinePass(Math.max(nj, nk));
  for (let k = 0; k < nk; k++) {
    for (let i = 0; i < ni; i++) pass.run(field, i + ni * nj * k, ni, nj, spacing[1]);
  }
  for (let j = 0; j < nj; j++) {
    for (let i = 0; i < ni; i++) pass.run(field, i + ni * j, ni * nj, nk, spacing[2]);
  }
  return field;
}

/** The first axis starts from sites alone, so two sweeps give its distances. */
function distancesAlongRows(sites: Uint8Array, field: Float32Array, length: number, spacing: number): void {
  for (let start = 0; start < sites.length; start += length) {
    let steps = Number.POSITIVE_INFINITY;
    for (let i = 0; i < length; i++) {
      steps = sites[start + i] ? 0 : steps + 1;
      field[start + i] = Math.min(FAR, (steps * spacing) ** 2);
    }
    steps = Number.POSITIVE_INFINITY;
    for (let i = length - 1; i >= 0; i--) {
      steps = sites[start + i] ? 0 : steps + 1;
      field[start + i] = Math.min(field[start + i], (steps * spacing) ** 2);
    }
  }
}

/** Lower envelope of parabolas along one line; keeps its scratch space between lines. */
class LinePass {
  /** The line's values, mm^2. */
  private readonly value: Float64Array;
  /** Positions of the envelope's parabolas, in voxels. */
  private readonly vertex: Int32Array;
  /** Parabola n rules from boundary[n] to boundary[n + 1]. */
  private readonly boundary: Float64Array;

  constructor(longest: number) {
    this.value = new Float64Array(longest);
    this.vertex = new Int32Array(longest);
    this.boundary = new Float64Array(longest + 1);
  }

  run(field: Float32Array, start: number, stride: number, length: number, spacing: number): void {
    const { value, vertex, boundary } = this;
    const scale = spacing * spacing;
    let last = -1;
    for (let q = 0; q < length; q++) {
      const height = field[start + q * stride];
      value[q] = height;
      if (height >= FAR) continue;
      let meets = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        const p = vertex[last];
        meets = ((height - value[p]) / scale + q * q - p * p) / (2 * (q - p));
        if (meets > boundary[last]) break;
        last--;
      }
      last++;
      vertex[last] = q;
      boundary[last] = last === 0 ? Number.NEGATIVE_INFINITY : meets;
    }
    if (last < 0) return;
    boundary[last + 1] = Number.POSITIVE_INFINITY;
    for (let q = 0, n = 0; q < length; q++) {
      while (boundary[n + 1] < q) n++;
      const p = vertex[n];
      field[start + q * stride] = scale * (q - p) * (q - p) + value[p];
    }
  }
}
