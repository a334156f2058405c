/** Smoothing of a field on the nodes of a region. */

/**
 * `field` averaged with its neighbours by 1/4, 1/2, 1/4 along each axis, in place: a standard deviation of 0.71 nodes.
 * @param field [k, j, i]
 */
export function smooth(field: Float32Array, size: readonly [number, number, number]): void {
  const strides = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    const [length, stride] = [size[axis], strides[axis]];
    if (length < 2) continue;
    const [b, c] = [0, 1, 2].filter((other) => other !== axis);
    for (let y = 0; y < size[c]; y++) {
      for (let x = 0; x < size[b]; x++) {
        let at = x * strides[b] + y * strides[c];
        let before = field[at];
        for (let n = 0; n < length; n++, at += stride) {
          const here = field[at];
          const after = n + 1 < length ? field[at + stride] : here;
          field[at] = (before + 2 * here + after) / 4;
          before = here;
        }
      }
    }
  }
}
