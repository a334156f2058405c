/**
 * The class of each voxel: argmax over classes c of weights[c] * maps[c][voxel], ties to the lower class.
 * @param maps one map a class, x fastest
 * @param weights 1 each without them
 */
export function argMax(maps: readonly Float32Array[], weights: readonly number[] = maps.map(() => 1)): Uint8Array {
  const best = new Uint8Array(maps[0].length);
  for (let c = 1; c < maps.length; c++)
    for (let i = 0; i < best.length; i++)
      if (weights[c] * maps[c][i] > weights[best[i]] * maps[best[i]][i]) best[i] = c;
  return best;
}
