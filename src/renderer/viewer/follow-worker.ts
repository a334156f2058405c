/** Fills slices between drawn ones along the image, beside the window. */
import { followImage } from '../../core/between/follow-image.ts';
import type { Axis } from '../../core/edit/planes.ts';
import type { LabelMap, Volume } from '../../core/volume.ts';

export interface FollowRequest {
  readonly scan: Volume;
  /** As it was drawn, without what was filled. */
  readonly mask: LabelMap;
  readonly label: number;
  readonly normal: Axis;
}

export interface FollowReply {
  /** Null where no two slices are drawn. */
  readonly filled: { readonly inside: Uint8Array; readonly undecided: Float32Array } | null;
  /** Why it broke off. */
  readonly failure: string | null;
}

addEventListener('message', ({ data: { scan, mask, label, normal } }: MessageEvent<FollowRequest>) => {
  let reply: FollowReply;
  try {
    const found = followImage(scan, mask, label, normal);
    reply = { filled: found && { inside: found.inside, undecided: found.undecided }, failure: null };
  } catch (error) {
    reply = { filled: null, failure: (error as Error).message };
  }
  postMessage(reply);
});
