/** Which way a plane stands in the patient: along the voxels, or turned about the crosshair. Pure. */
import { axisVector, lettersOf, PLANE_NAMES, type Plane, type PlaneName } from '../../core/edit/planes.ts';
import { cross3, dot3 } from '../../core/geometry.ts';
import type { Grid } from '../../core/volume.ts';

type Vector = readonly [number, number, number];

/** LPS unit vectors of the screen's right and down. */
export interface Frame {
  readonly right: Vector;
  readonly down: Vector;
}

export type Frames = Readonly<Record<PlaneName, Frame>>;

/** The frame of a plane along the voxels. */
export function straightFrame({ direction }: Grid, { u, flipU, v, flipV }: Plane): Frame {
  const turn = (vector: Vector, flip: boolean): Vector => (flip ? [-vector[0], -vector[1], -vector[2]] : vector);
  return { right: turn(axisVector(direction, u), flipU), down: turn(axisVector(direction, v), flipV) };
}

/** Towards the viewer: right x up. */
export const normalOf = ({ right, down }: Frame): [number, number, number] => cross3(down, right);

/** A vector turned about a unit axis by an angle in radians (Rodrigues). */
function turned(vector: Vector, axis: Vector, angle: number): [number, number, number] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const along = dot3(axis, vector) * (1 - cos);
  const side = cross3(axis, vector);
  return [0, 1, 2].map((n) => vector[n] * cos + side[n] * sin + axis[n] * along) as [number, number, number];
}

/** The other two planes turned about this one's normal, clockwise on its screen for a positive angle, radians. */
export function turnOthers(frames: Frames, name: PlaneName, angle: number): Frames {
  const axis = normalOf(frames[name]);
  const turn = ({ right, down }: Frame): Frame => ({
    right: turned(right, axis, -angle),
    down: turned(down, axis, -angle),
  });
  const entry = (other: PlaneName) => (other === name ? frames[other] : turn(frames[other]));
  return { axial: entry('axial'), coronal: entry('coronal'), sagittal: entry('sagittal') };
}

/** Directions, in pixels right and down of length 1, in which the other planes cut this one; none for a parallel one. */
export function cutsOf(frames: Frames, name: PlaneName): [x: number, y: number][] {
  const own = frames[name];
  return PLANE_NAMES.filter((other) => other !== name).flatMap((other) => {
    const line = cross3(normalOf(own), normalOf(frames[other]));
    const [x, y] = [dot3(line, own.right), dot3(line, own.down)];
    const length = Math.hypot(x, y);
    return length > 1e-3 ? [[x / length, y / length] as [number, number]] : [];
  });
}

/** Patient letters at the edges of the screen. */
export function frameLetters({ right, down }: Frame): Plane['letters'] {
  const back = (v: Vector): [number, number, number] => [-v[0], -v[1], -v[2]];
  return {
    left: lettersOf(back(right)),
    right: lettersOf([...right]),
    top: lettersOf(back(down)),
    bottom: lettersOf([...down]),
  };
}

/** Angle between the plane's normal and the closest patient axis, degrees. */
export const tiltOf = (frame: Frame): number =>
  (Math.acos(Math.min(1, Math.max(...normalOf(frame).map(Math.abs)))) * 180) / Math.PI;
