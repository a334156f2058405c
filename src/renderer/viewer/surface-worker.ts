/** Makes the surfaces of a mask beside the window, so that painting never waits for them. */
import { surfaceOf } from '../../core/edit/surface.ts';
import type { LabelMap } from '../../core/volume.ts';

export interface SurfaceRequest {
  readonly ticket: number;
  /** A part of the mask that holds every label, on its own grid. */
  readonly mask: LabelMap;
  readonly labels: readonly number[];
  /** Samples every step-th voxel. */
  readonly step: number;
}

export interface SurfaceReply {
  readonly ticket: number;
  readonly surfaces: { label: number; positions: Float32Array; normals: Float32Array; triangles: Uint32Array }[];
}

addEventListener('message', ({ data }: MessageEvent<SurfaceRequest>) => {
  const surfaces = data.labels.flatMap((label) => {
    const surface = surfaceOf(data.mask, label, data.step);
    return surface ? [{ label, ...surface }] : [];
  });
  const reply: SurfaceReply = { ticket: data.ticket, surfaces };
  const buffers = surfaces.flatMap((s) => [s.positions.buffer, s.normals.buffer, s.triangles.buffer]) as ArrayBuffer[];
  postMessage(reply, { transfer: buffers });
});
