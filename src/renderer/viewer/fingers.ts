/** Fingers on one plane of a touch screen: two of them move and zoom the picture. */

type Place = readonly [x: number, y: number];

/** How two fingers moved: their middle by dx, dy, to x, y, and their distance by `factor`. */
interface Pinch {
  readonly dx: number;
  readonly dy: number;
  readonly x: number;
  readonly y: number;
  readonly factor: number;
}

/** Fingers nearer than this say nothing of a zoom, pixels. */
const NEAR = 20;

export class Fingers {
  private readonly places = new Map<number, Place>();

  /** Two fingers lie on the plane: no tool is in use. */
  get pinching(): boolean {
    return this.places.size > 1;
  }

  down(finger: number, place: Place): void {
    if (this.places.size < 2) this.places.set(finger, place);
  }

  /** @returns how both moved since the last call; null while there are not two */
  move(finger: number, place: Place): Pinch | null {
    if (!this.places.has(finger)) return null;
    const before = this.pair();
    this.places.set(finger, place);
    const after = this.pair();
    if (!before || !after) return null;
    const factor = before.apart > NEAR && after.apart > NEAR ? after.apart / before.apart : 1;
    return { dx: after.x - before.x, dy: after.y - before.y, x: after.x, y: after.y, factor };
  }

  up(finger: number): void {
    this.places.delete(finger);
  }

  private pair(): { x: number; y: number; apart: number } | null {
    const [a, b] = [...this.places.values()];
    if (!a || !b) return null;
    return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, apart: Math.hypot(a[0] - b[0], a[1] - b[1]) };
  }
}
