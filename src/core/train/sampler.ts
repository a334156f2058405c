import { Random } from '../random.ts';
import { type ForegroundState, ForegroundTurns } from './places.ts';

/** First of the generators' streams that vary intensities: far from those of cases, dropout and weights. */
const INTENSITY = 32;
/** First of those that paste objects. */
const OBJECTS = 48;

/** Cases in permuted order, permuted anew as it runs out. */
export class CaseStream {
  private order: number[] = [];
  private readonly count: number;
  readonly random: Random;
  /** Apart from the other, so that the same crops are drawn whether or not their intensities are varied. */
  readonly intensity: Random;
  /** Which objects are pasted, and where. */
  readonly objects: Random;

  readonly foreground: ForegroundTurns;

  constructor(count: number, seed: number, stream: number, foregroundShare = 0) {
    this.foreground = new ForegroundTurns(foregroundShare);
    this.count = count;
    this.random = new Random(seed, stream);
    this.intensity = new Random(seed, INTENSITY + stream);
    this.objects = new Random(seed, OBJECTS + stream);
  }

  next(): number {
    if (this.order.length === 0) this.order = this.random.permutation(this.count);
    return this.order.pop() as number;
  }

  get state(): StreamState {
    return {
      order: [...this.order],
      random: this.random.state,
      intensity: this.intensity.state,
      objects: this.objects.state,
      foreground: this.foreground.state,
    };
  }

  set state({ order, random, intensity, objects, foreground }: StreamState) {
    // Scans whose files cannot be read any more are left out of a run that goes on.
    this.order = order.filter((n) => n < this.count);
    this.random.state = random;
    if (intensity) this.intensity.state = intensity;
    if (objects) this.objects.state = objects;
    if (foreground) this.foreground.state = foreground;
  }
}

export interface StreamState {
  order: number[];
  random: readonly number[];
  /** Absent, like the next, in checkpoints of earlier versions. */
  intensity?: readonly number[];
  objects?: readonly number[];
  foreground?: ForegroundState;
}
