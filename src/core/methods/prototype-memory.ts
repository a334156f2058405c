/** A memory of prototypes: what a class looked like in the steps before, for steps whose patches do not hold it. */
import * as tf from '@tensorflow/tfjs';
import type { Prototypes } from './prototypes.ts';

/** Whose prototypes: pooled by real masks, or by pseudo-masks. */
export type MemorySide = 'labelled' | 'unlabelled';

/** The remembered prototype of each class, null where no patch held it yet. Plain data, for checkpoints. */
export type MemoryState = Partial<Record<MemorySide, (number[] | null)[]>>;

export class PrototypeMemory {
  private readonly decay: number;
  private readonly rows: MemoryState;

  /** @param rows changed in place */
  constructor(decay: number, rows: MemoryState) {
    this.decay = decay;
    this.rows = rows;
  }

  /** m_c <- a m_c + (1 - a) p_c for each class that is present; its first prototype as it is. Frees the prototypes. */
  async remember(side: MemorySide, { vectors, present }: Prototypes): Promise<void> {
    const values = (await vectors.array()) as number[][];
    vectors.dispose();
    const rows = this.rows[side] ?? present.map(() => null);
    this.rows[side] = rows.map((row, c) => {
      if (!present[c]) return row;
      return row ? row.map((m, i) => this.decay * m + (1 - this.decay) * values[c][i]) : values[c];
    });
  }

  /** The prototypes with the remembered ones in the place of absent classes; these carry no gradient. */
  filled(side: MemorySide, { vectors, present }: Prototypes): Prototypes {
    const rows = this.rows[side];
    if (!rows || present.every((here, c) => here || !rows[c])) return { vectors, present };
    const nothing = new Array<number>(vectors.shape[1]).fill(0);
    const absent = tf.tensor2d(rows.map((row, c) => (present[c] ? nothing : (row ?? nothing))));
    return { vectors: tf.add(vectors, absent), present: present.map((here, c) => here || rows[c] !== null) };
  }
}
