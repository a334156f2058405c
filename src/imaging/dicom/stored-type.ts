/** The number type of stored pixels. */
import { DecileError } from '../../shared/errors.ts';
import type { StoredType } from '../voxels.ts';
import type { Frame } from './frame.ts';

/** The array type that holds a frame's stored values; refuses what no CT or MR uses. */
export function storedType(f: Frame): StoredType {
  switch (f.bitsAllocated) {
    case 8:
      return f.signed ? 'int8' : 'uint8';
    case 16:
      return f.signed ? 'int16' : 'uint16';
    case 32:
      return f.signed ? 'int32' : 'uint32';
    default:
      throw new DecileError(
        'scan/type',
        `The pixels of ${f.path} must be 8, 16 or 32 bits, got ${f.bitsAllocated}.`,
        'Convert the series first, for instance with dcm2niix.',
      );
  }
}
