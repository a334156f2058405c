/** The undo steps of a mask as bytes, for a screen that is left and for a page that is loaded anew. */
import type { LabelMap } from '../volume.ts';
import type { DirtyBox, Edit } from './edit.ts';
import type { History } from './history.ts';

/** Oldest steps go first where they take more, bytes. */
const MOST_BYTES = 32 * 2 ** 20;

interface Step {
  name: string;
  changed: number;
  /** Runs, and voxels before and after. */
  runs: number;
  values: number;
  boxes: readonly DirtyBox[];
}

interface Head {
  format: 1;
  /** Of the mask that the steps lead to: on another one they would undo what they never did. */
  mask: number;
  done: number;
  steps: Step[];
}

const sizeOf = ({ starts, lengths, before, after }: Edit): number =>
  starts.byteLength + lengths.byteLength + before.length + after.length;

/** Not the place of one that is being worked out. */
const isMade = ({ starts }: Edit): boolean => starts.length > 0;

/** The steps of a history with a checksum of the mask as it is now; null where there are none. */
export function encodeHistory(history: History, mask: LabelMap): Uint8Array | null {
  const [done, undone] = [history.kept.done, history.kept.undone].map((steps) => steps.filter(isMade));
  const steps = [...done, ...undone];
  let total = steps.reduce((sum, step) => sum + sizeOf(step), 0);
  let dropped = 0;
  while (dropped < done.length && total > MOST_BYTES) total -= sizeOf(steps[dropped++]);
  const kept = steps.slice(dropped);
  if (kept.length === 0 || total > MOST_BYTES) return null;
  const head: Head = {
    format: 1,
    mask: checksum(mask.data),
    done: done.length - dropped,
    steps: kept.map(({ name, changed, starts, before, boxes }) => ({
      ...{ name, changed, runs: starts.length, values: before.length, boxes },
    })),
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(4 + text.length + total);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  let at = 4 + text.length;
  for (const { starts, lengths, before, after } of kept)
    for (const array of [starts, lengths, before, after]) {
      bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
      at += array.byteLength;
    }
  return bytes;
}

/** Gives a history the steps that were kept; false, and nothing is changed, where they are of another mask or not whole. */
export function restoreHistory(history: History, mask: LabelMap, bytes: Uint8Array): boolean {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = view.getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Head;
    if (head.format !== 1 || head.mask !== checksum(mask.data)) return false;
    let at = 4 + length;
    const take = (count: number): ArrayBuffer => {
      // A copy, because runs are read at four-byte offsets of their own.
      const part = bytes.slice(at, at + count);
      if (part.length !== count) throw new RangeError('The steps must be whole, got fewer bytes.');
      at += count;
      return part.buffer;
    };
    const steps = head.steps.map(({ name, changed, runs, values, boxes }): Edit => {
      const [starts, lengths] = [new Uint32Array(take(4 * runs)), new Uint32Array(take(4 * runs))];
      const [before, after] = [new Uint8Array(take(values)), new Uint8Array(take(values))];
      return { name, changed, starts, lengths, before, after, boxes };
    });
    history.restore(steps.slice(0, head.done), steps.slice(head.done));
    return true;
  } catch {
    return false; // undo is worth less than a case that opens
  }
}

/** 32 bits of every voxel, four at a time. */
function checksum(data: Uint8Array): number {
  let sum = 0x811c9dc5;
  const words = data.byteOffset % 4 === 0 ? new Uint32Array(data.buffer, data.byteOffset, data.length >> 2) : null;
  if (words) for (let n = 0; n < words.length; n++) sum = Math.imul(sum ^ words[n], 0x01000193) ^ (sum >>> 15);
  for (let n = words ? words.length * 4 : 0; n < data.length; n++)
    sum = Math.imul(sum ^ data[n], 0x01000193) ^ (sum >>> 15);
  return sum >>> 0;
}
