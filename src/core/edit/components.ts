/** Connected components of a label: keep the largest, drop the small ones. */
import type { LabelMap } from '../volume.ts';
import type { Recorder } from './edit.ts';
import { indexOf, strides } from './planes.ts';

export interface Components {
  /** [k, j, i]: 0 outside of the label, otherwise the component's number from 1. */
  readonly numbers: Uint32Array;
  /** Voxels of each component; sizes[n - 1] belongs to number n. */
  readonly sizes: number[];
}

/** Components of a label over face, edge and corner neighbours (26), in 3D. */
export function componentsOf(mask: Pick<LabelMap, 'data' | 'size'>, label: number): Components {
  const { data, size } = mask;
  const numbers = new Uint32Array(data.length);
  const sizes: number[] = [];
  const step = strides(size);
  const stack: number[] = [];
  for (let seed = 0; seed < data.length; seed++) {
    if (data[seed] !== label || numbers[seed]) continue;
    const number = sizes.length + 1;
    let count = 0;
    numbers[seed] = number;
    stack.push(seed);
    while (stack.length) {
      const offset = stack.pop() as number;
      count++;
      const [i, j, k] = indexOf(size, offset);
      for (let dk = k > 0 ? -1 : 0; dk <= (k < size[2] - 1 ? 1 : 0); dk++) {
        for (let dj = j > 0 ? -1 : 0; dj <= (j < size[1] - 1 ? 1 : 0); dj++) {
          for (let di = i > 0 ? -1 : 0; di <= (i < size[0] - 1 ? 1 : 0); di++) {
            const next = offset + di + dj * step[1] + dk * step[2];
            if (data[next] !== label || numbers[next]) continue;
            numbers[next] = number;
            stack.push(next);
          }
        }
      }
    }
    sizes.push(count);
  }
  return { numbers, sizes };
}

/** Erases every component of the label but its largest; returns how many went. */
export function keepLargest(recorder: Recorder, label: number): number {
  const { numbers, sizes } = componentsOf(recorder.mask, label);
  if (sizes.length < 2) return 0;
  // There may be more of them than a call takes arguments.
  const kept = sizes.indexOf(sizes.reduce((most, size) => Math.max(most, size))) + 1;
  for (let v = 0; v < numbers.length; v++) if (numbers[v] && numbers[v] !== kept) recorder.write(v, 0);
  return sizes.length - 1;
}

/** Erases components of fewer than `voxels` voxels; returns how many went. */
export function removeIslands(recorder: Recorder, label: number, voxels: number): number {
  const { numbers, sizes } = componentsOf(recorder.mask, label);
  for (let v = 0; v < numbers.length; v++) if (numbers[v] && sizes[numbers[v] - 1] < voxels) recorder.write(v, 0);
  return sizes.filter((count) => count < voxels).length;
}
