/** A cuboid of one map in the place of another's. */
import { PASTE_BOX } from '../../../core/methods/mixing.ts';
import { groupsFor } from '../program.ts';
import { pasteBox } from '../wgsl/copy.ts';
import { type Op, type Ops, sizeOf } from './op.ts';

type Sides = [d: number, h: number, w: number];

const paste: Op = (backend, { into, from }, { start, sides }: { start: Sides; sides: Sides }) => {
  const out = backend.make(into.shape);
  const [, d, h, w, channels = 1] = into.shape;
  const count = sizeOf(into.shape);
  backend.run(pasteBox, [into, from], [out], [count, d, h, w, channels, ...start, ...sides], groupsFor(count));
  return out;
};

export const pasteOps: Ops = { [PASTE_BOX]: paste };
