/** Clicks from a model's prediction: its probabilities are the evidence, each click moves them. */
import { beliefOf, ClickSession } from '../../src/core/click/index.ts';
import { brushThrough } from './brushed.ts';
import type { Cohort } from './cohort.ts';
import type { PredictedCase } from './model.ts';
import { clickThrough, type Session } from './simulated.ts';

export function withModel(cases: readonly PredictedCase[], { label }: Cohort): Session[] {
  return cases.map(({ scan, mask, prediction, entropy }) => {
    const is = (value: number) => (value === label ? 1 : 0);
    const session = new ClickSession(scan);
    const belief = beliefOf(prediction, label, { mask: prediction, entropy });
    const start = Uint8Array.from(prediction.data, is);
    return clickThrough(Uint8Array.from(mask.data, is), scan, start, (seeds) => session.preview(seeds, belief));
  });
}

/** Discs of a brush from the same predictions. */
export function brushedModel(cases: readonly PredictedCase[], { label }: Cohort): number[][] {
  const is = (value: number) => (value === label ? 1 : 0);
  return cases.map(({ scan, mask, prediction }) =>
    brushThrough(Uint8Array.from(mask.data, is), scan, Uint8Array.from(prediction.data, is)),
  );
}
