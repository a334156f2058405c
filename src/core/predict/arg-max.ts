/**
 * The class of each voxel: argmax over classes c of maps[c][voxel], ties to the lower class.
 * @param maps one map a class, x fastest
 */
export function argMax(maps: readonly Float32Array[]): Uint8Array {
  const best = new Uint8Array(maps[0].length);
  for (let c = 1; c < maps.length; c++)
    for (let i = 0; i < best.length; i++) if (maps[c][i] > maps[best[i]][i]) best[i] = c;
  return best;
}
