import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import type { Method } from './method.ts';

/** Supervised-only: the student on the labelled patches, nothing else. */
export const supervised: Method = {
  networks: { student: 'trained' },
  forwards: (batch) => ({
    labelled: { network: 'student', images: batch.labelled.images, gradient: true, dropout: true },
  }),
  loss({ labelled }, batch, { options }) {
    const total = deepSupervisedLoss(labelled, batch.labelled.oneHot, options);
    return { total, terms: { supervised: total } };
  },
};
