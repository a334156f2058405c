/** What is said of a mask of which nothing was drawn. */
import { DecileError } from './errors.ts';

export const nothingDrawn = (scan: string): DecileError =>
  new DecileError(
    'mask/nothing-drawn',
    `The mask of ${scan} must hold at least one voxel that was drawn, got none: every voxel is "not drawn".`,
    'Draw a slice of it, or check which value the masks have where nobody drew (the ignore label).',
  );
