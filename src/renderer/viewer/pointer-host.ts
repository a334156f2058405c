/** What the tools of a plane get from its surroundings, and tell them. */
import type { Recorder } from '../../core/edit/edit.ts';
import type { EditJob } from '../../core/edit/job.ts';
import type { MeasuredShape } from '../../core/measure/figures.ts';
import type { CaseEditor } from './case-editor.ts';
import type { ToolSettings } from './tools.ts';
import type { Window } from './window.ts';

export type Point = [number, number, number];

/**
 * What is worked out beside the window: what it writes, null where nothing. Undefined where a later one was asked for, or it was
 * given up.
 */
export type Coming = Promise<((recorder: Recorder) => void) | null | undefined>;

/** Works a region out beside the window. */
export type Grow = (job: EditJob & { kind: 'region' }) => Coming;

/** What the plane's surroundings give to the tools and hear from them. */
export interface PointerHost {
  readonly editor: CaseEditor;
  readonly settings: ToolSettings;
  readonly window: Window;
  setWindow(window: Window): void;
  /** The key that moves the picture is held. */
  readonly panning: boolean;
  /** The picture was moved with it. */
  panned(): void;
  /** A tool for one use was used: the one before it comes back. */
  toolUsed(): void;
  moveSlice(by: number): void;
  /** Moves the crosshair, and with it the slices of all planes. */
  moveCrosshair(index: Point): void;
  /** This plane is turned against the voxels. */
  readonly isTurned: boolean;
  readonly crosshair: readonly [number, number, number];
  /** Directions in which the other planes cut this one, pixels. */
  readonly cuts: readonly (readonly [number, number])[];
  /** Turns the other planes about the crosshair, clockwise on this screen, radians. */
  turnOthers(angle: number): void;
  /** Tells why nothing happened. */
  say(text: string, cure: string): void;
  stepRadius(way: 1 | -1): void;
  setTolerance(tolerance: number): void;
  /** The overlay (brush circle, outline) must be drawn again. */
  overlayChanged(): void;
  /** Click to mask: these voxels are the label, or are not. */
  seed(voxels: number[], inside: boolean): void;
  /** One undo step; shows why where it is refused. */
  edit(name: string, act: Parameters<CaseEditor['apply']>[1]): void;
  /** One undo step, of a large scan a little later; shows why where it is refused. */
  job(name: string, job: EditJob): void;
  /** Grows regions of a large scan; null where that is done at once, undefined where it cannot be now, which was said. */
  grower(): Grow | null | undefined;
  /** One undo step of what is still worked out, in its place from now on; false where it was given up or refused. */
  keep(name: string, coming: Coming): Promise<boolean>;
  /** Something was measured on this plane. */
  measured(shape: MeasuredShape): void;
  /** An edit was refused: shows why. */
  refuse(error: unknown): void;
}
