/** Parts of a mask, over faces: what hangs together with a seed and what does not. */

type Triple = readonly [number, number, number];

/** Numbers the parts of equal value over faces, background's too; number n has sizes[n] voxels and value values[n]. */
export function parts(mask: Uint8Array, size: Triple): { numbers: Int32Array; sizes: number[]; values: number[] } {
  const [ni, nj, nk] = size;
  const [sj, sk] = [ni, ni * nj];
  const numbers = new Int32Array(mask.length).fill(-1);
  const sizes: number[] = [];
  const values: number[] = [];
  const stack = new Int32Array(mask.length);
  for (let first = 0; first < mask.length; first++) {
    if (numbers[first] >= 0) continue;
    const value = mask[first];
    const number = sizes.length;
    let top = 0;
    let count = 0;
    stack[top++] = first;
    numbers[first] = number;
    const visit = (v: number) => {
      if (numbers[v] >= 0 || mask[v] !== value) return;
      numbers[v] = number;
      stack[top++] = v;
    };
    while (top) {
      const v = stack[--top];
      count++;
      const i = v % ni;
      const j = Math.floor(v / ni) % nj;
      const k = Math.floor(v / sk);
      if (i > 0) visit(v - 1);
      if (i + 1 < ni) visit(v + 1);
      if (j > 0) visit(v - sj);
      if (j + 1 < nj) visit(v + sj);
      if (k > 0) visit(v - sk);
      if (k + 1 < nk) visit(v + sk);
    }
    sizes.push(count);
    values.push(value);
  }
  return { numbers, sizes, values };
}

/**
 * Turns every part over in which nobody placed a seed: islands go, and holes close. The largest part of background stays,
 * and so does what `keep` holds.
 * @param mask 0 or 1, [k, j, i]; written to
 * @param seeds nodes by what was said of them
 */
export function keepSeeded(
  mask: Uint8Array,
  size: Triple,
  seeds: { readonly inside: Iterable<number>; readonly outside: Iterable<number> },
): void {
  const { numbers, sizes, values } = parts(mask, size);
  const kept = new Uint8Array(sizes.length);
  for (const v of seeds.inside) kept[numbers[v]] = 1;
  for (const v of seeds.outside) kept[numbers[v]] = 1;
  let around = -1;
  for (let n = 0; n < sizes.length; n++) if (!values[n] && (around < 0 || sizes[n] > sizes[around])) around = n;
  if (around >= 0) kept[around] = 1;
  for (let v = 0; v < mask.length; v++) if (!kept[numbers[v]]) mask[v] ^= 1;
}
