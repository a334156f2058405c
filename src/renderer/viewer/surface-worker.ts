/** Makes the surface of a label beside the window, so that painting never waits for it. */

import { surfaceOf } from '../../core/edit/surface.ts';
import type { LabelPart } from '../../core/edit/surface-parts.ts';

export interface SurfaceRequest {
  readonly ticket: number;
  readonly part: LabelPart;
}

export interface SurfaceReply {
  readonly ticket: number;
  readonly label: number;
  readonly surface: { positions: Float32Array; normals: Float32Array; triangles: Uint32Array } | null;
}

addEventListener('message', ({ data: { ticket, part } }: MessageEvent<SurfaceRequest>) => {
  const surface = surfaceOf(part.mask, 1);
  const reply: SurfaceReply = { ticket, label: part.label, surface };
  const buffers = surface ? [surface.positions.buffer, surface.normals.buffer, surface.triangles.buffer] : [];
  postMessage(reply, { transfer: buffers as ArrayBuffer[] });
});
