/** How sure it is that a label is where a mask has it. */
import type { LabelMap } from '../volume.ts';

/** Tenths of log odds of a voxel that was drawn or taken, without any probability. */
const DRAWN = 20;
/** Tenths of log odds that are kept at most. */
const MOST = 60;

/**
 * Log odds that `label` is at each voxel. Where a prediction kept its entropy H, the probability p of the chosen label solves
 * H = -p ln p - (1 - p) ln(1 - p), as with two classes; where the mask is not the prediction's any more, it was drawn.
 * @param prediction its entropy in 255ths of ln 2, and no more than that
 * @returns [k, j, i], tenths of log odds
 */
export function beliefOf(
  mask: LabelMap,
  label: number,
  prediction: { readonly mask: LabelMap; readonly entropy: Uint8Array | null } | null,
): Int8Array {
  const sureness = prediction?.entropy ? surenessTable() : null;
  const out = new Int8Array(mask.data.length);
  for (let v = 0; v < out.length; v++) {
    const value = mask.data[v];
    const sure =
      sureness && prediction?.entropy && prediction.mask.data[v] === value ? sureness[prediction.entropy[v]] : DRAWN;
    out[v] = value === label ? sure : -sure;
  }
  return out;
}

/** Tenths of log odds by entropy in 255ths of ln 2; at least 1, so that the mask itself is kept. */
function surenessTable(): Int8Array {
  const table = new Int8Array(256);
  for (let e = 0; e < 256; e++) {
    let [low, high] = [0.5, 1 - 1e-9];
    for (let n = 0; n < 40; n++) {
      const p = (low + high) / 2;
      const entropy = -(p * Math.log(p) + (1 - p) * Math.log(1 - p)) / Math.LN2;
      if (entropy > e / 255) low = p;
      else high = p;
    }
    table[e] = Math.min(MOST, Math.max(1, Math.round(10 * Math.log(low / (1 - low)))));
  }
  return table;
}
