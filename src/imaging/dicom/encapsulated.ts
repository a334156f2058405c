/** Finding one frame's bytes among the fragments of encapsulated pixel data. */
import { DecileError } from '../../shared/errors.ts';
import type { DataSet, Element } from './dataset.ts';
import type { Frame } from './frame.ts';

/**
 * The compressed bytes of frame `f.index`, joined. Frames are found by the basic offset table where it is filled,
 * one fragment a frame where the counts agree, else by the marks with which JPEG and JPEG 2000 streams begin.
 */
export function encapsulatedFrame(
  path: string,
  dataSet: DataSet,
  element: Element,
  f: Pick<Frame, 'index'>,
): Uint8Array {
  return encapsulatedFrames(path, dataSet, element)(f.index);
}

/** The same for many frames, which are looked for once: the bytes of frame `index`. */
export function encapsulatedFrames(path: string, dataSet: DataSet, element: Element): (index: number) => Uint8Array {
  const fragments = (element.fragments ?? []).filter((p) => p.length > 0);
  const frames = framesIn(dataSet);
  const bytes = (n: number) =>
    dataSet.byteArray.subarray(fragments[n].position, fragments[n].position + fragments[n].length);
  const join = (from: number, to: number) => {
    const parts = Array.from({ length: to - from }, (_, k) => bytes(from + k));
    return parts.length === 1 ? parts[0] : concat(parts);
  };
  const missing = (index: number) =>
    new DecileError(
      'scan/truncated',
      `The compressed pixels of ${path} must hold frame ${index + 1} of ${frames}, got ${fragments.length} fragments.`,
      'The file is incomplete: transfer it again.',
    );
  if (fragments.length === 0) throw missing(0);
  const starts = frames === 1 ? [0] : frameStarts(element, fragments, frames, bytes);
  return (index) => {
    if (index >= starts.length) throw missing(index);
    return join(starts[index], starts[index + 1] ?? fragments.length);
  };
}

/** Stated number of frames, at least one. */
export const framesIn = (dataSet: DataSet): number =>
  Math.max(1, Math.floor(Number(dataSet.string('x00280008') ?? 1)) || 1);

/** Index of each frame's first fragment. */
function frameStarts(
  element: Element,
  fragments: { offset: number }[],
  frames: number,
  bytes: (n: number) => Uint8Array,
): number[] {
  const table = element.basicOffsetTable ?? [];
  if (table.length === frames) {
    const starts = table.map((offset) => fragments.findIndex((p) => p.offset === offset));
    if (starts.every((s, n) => s >= 0 && (n === 0 || s > starts[n - 1]))) return starts;
  }
  if (fragments.length === frames) return fragments.map((_, n) => n);
  const starts: number[] = [];
  for (let n = 0; n < fragments.length; n++) {
    const b = bytes(n);
    const jpeg = b[0] === 0xff && b[1] === 0xd8;
    const jpeg2000 = b[0] === 0xff && b[1] === 0x4f;
    if (jpeg || jpeg2000) starts.push(n);
  }
  return starts;
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    whole.set(p, at);
    at += p.length;
  }
  return whole;
}
