/** Answers clicks beside the window, so that the picture never waits for them. */
import { ClickSession, type Preview, type Seed } from '../../core/click/index.ts';
import type { Volume } from '../../core/volume.ts';

export type ClickRequest =
  | { readonly kind: 'open'; readonly scan: Volume }
  /** By voxel, tenths of log odds; null: nothing is known. */
  | { readonly kind: 'belief'; readonly belief: Int8Array | null }
  | { readonly kind: 'preview'; readonly ticket: number; readonly seeds: readonly NumberedSeed[] };

/** A seed and its number: the session remembers what it worked out for each. */
export interface NumberedSeed extends Seed {
  readonly number: number;
}

export interface ClickReply {
  readonly ticket: number;
  readonly preview: Preview | null;
  /** Why there is none. */
  readonly failure: { readonly code: string; readonly message: string; readonly cure: string } | null;
}

let session: ClickSession | null = null;
let belief: Int8Array | null = null;
/** Seeds come as copies; the session knows each by itself. */
const known = new Map<number, Seed>();

addEventListener('message', ({ data }: MessageEvent<ClickRequest>) => {
  switch (data.kind) {
    case 'open':
      session = new ClickSession(data.scan);
      break;
    case 'belief':
      belief = data.belief;
      known.clear();
      break;
    case 'preview':
      answer(data.ticket, data.seeds);
  }
});

function answer(ticket: number, numbered: readonly NumberedSeed[]): void {
  const seeds = numbered.map((seed) => {
    const same = known.get(seed.number) ?? seed;
    known.set(seed.number, same);
    return same;
  });
  let reply: ClickReply;
  try {
    reply = { ticket, preview: session?.preview(seeds, belief) ?? null, failure: null };
  } catch (error) {
    const {
      code = 'window/unforeseen',
      message,
      cure = '',
    } = error as { code?: string; message: string; cure?: string };
    reply = { ticket, preview: null, failure: { code, message, cure } };
  }
  postMessage(reply, { transfer: reply.preview ? [reply.preview.inside.buffer as ArrayBuffer] : [] });
}
