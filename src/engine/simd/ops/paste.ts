/** A cuboid of one map in the place of another's. */
import { PASTE_BOX } from '../../../core/methods/mixing.ts';
import type { Op, Ops } from './op.ts';

type Sides = [d: number, h: number, w: number];

const pasteBox: Op = (backend, { into, from }, { start, sides }: { start: Sides; sides: Sides }) => {
  const out = backend.make(into.shape);
  const [target, source] = [backend.view(out), backend.view(from)];
  target.set(backend.view(into));
  const [maps, d, h, w, channels = 1] = into.shape;
  const row = sides[2] * channels;
  for (let plane = 0; plane < maps * sides[0]; plane++) {
    const z = Math.floor(plane / sides[0]) * d + start[0] + (plane % sides[0]);
    for (let y = start[1]; y < start[1] + sides[1]; y++) {
      const at = ((z * h + y) * w + start[2]) * channels;
      target.set(source.subarray(at, at + row), at);
    }
  }
  return out;
};

export const pasteOps: Ops = { [PASTE_BOX]: pasteBox };
