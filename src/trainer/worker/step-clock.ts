/** Seconds a step and the time left, from the median of the last steps (checkpoints and pauses not counted). */
export class StepClock {
  private last = performance.now();
  private readonly recent: number[] = [];

  /** Starts counting anew: what happened since the last step was no step. */
  begin(): void {
    this.last = performance.now();
  }

  tick(stepsLeft: number): { secondsPerStep: number; secondsLeft: number } {
    const now = performance.now();
    this.recent.push((now - this.last) / 1000);
    this.last = now;
    if (this.recent.length > 25) this.recent.shift();
    const secondsPerStep = [...this.recent].sort((a, b) => a - b)[this.recent.length >> 1];
    return { secondsPerStep, secondsLeft: secondsPerStep * stepsLeft };
  }
}
