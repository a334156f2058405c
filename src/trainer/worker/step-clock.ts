import { costFrom, stepCost } from '../../core/train/step-cost.ts';

/** Seconds a step and the time left, from the median of the last steps (checkpoints and pauses not counted). */
export class StepClock {
  private readonly options: Parameters<typeof costFrom>[1];
  private readonly now: () => number;
  private last: number;
  /** Of the last steps, as if each had been a whole one. */
  private readonly recent: number[] = [];

  /** @param now milliseconds, rising */
  constructor(options: Parameters<typeof costFrom>[1], now: () => number = () => performance.now()) {
    this.options = options;
    this.now = now;
    this.last = now();
  }

  /** Starts counting anew: what happened since the last step was no step. */
  begin(): void {
    this.last = this.now();
  }

  /**
   * @param done steps done, the one that just ended included
   * @returns what a step as the last one takes, and all that are left, s
   */
  tick(done: number): { secondsPerStep: number; secondsLeft: number } {
    const now = this.now();
    const cost = stepCost(done - 1, this.options);
    this.recent.push((now - this.last) / 1000 / cost);
    this.last = now;
    if (this.recent.length > 25) this.recent.shift();
    const whole = [...this.recent].sort((a, b) => a - b)[this.recent.length >> 1];
    return { secondsPerStep: whole * cost, secondsLeft: whole * costFrom(done, this.options) };
  }
}

/** What a killed run may lose, s: it goes on from so long before, or from one step before where a step takes longer. */
const MOST_LOST = 60;

/** When the next checkpoint is due, by a clock that nobody sets. */
export class CheckpointClock {
  private readonly now: () => number;
  private last: number;
  private step: number;

  /** @param now milliseconds, rising */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
    this.last = now();
    this.step = this.last;
  }

  /** Asked after each step: whether another step as long would make it more than a minute since the last checkpoint. */
  due(): boolean {
    const at = this.now();
    const took = at - this.step;
    this.step = at;
    return at - this.last + took > MOST_LOST * 1000;
  }

  saved(): void {
    this.last = this.now();
    this.step = this.last;
  }
}
