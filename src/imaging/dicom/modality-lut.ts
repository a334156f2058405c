/** Modality LUT Sequence (PS3.3 C.11.1): a table from stored to real-world values, in place of slope and intercept. */
import { DecileError } from '../../shared/errors.ts';
import { type DataSet, type DicomData, item } from './dataset.ts';

export interface ModalityLut {
  /** The stored value of the first entry; lower ones get the first, higher ones than the last the last. */
  first: number;
  values: Uint16Array;
}

const SEQUENCE = 'x00283000';
const DESCRIPTOR = 'x00283002';
const DATA = 'x00283006';

/** The file's table, if it has one. @throws scan/corrupt */
export function modalityLut({ dataSet, path }: DicomData): { lut?: ModalityLut } {
  const table = item(dataSet, SEQUENCE);
  if (!table) return {};
  const signed = dataSet.uint16('x00280103') === 1;
  const [count, first, bits] = descriptor(table, signed);
  const element = table.elements[DATA];
  // Eight-bit entries lie one a byte, or one a word where the writer said so by the length.
  const wide = bits > 8 || (element !== undefined && element.length >= 2 * count);
  const needed = count * (wide ? 2 : 1);
  if (!element || bits < 8 || bits > 16 || element.length < needed)
    throw new DecileError(
      'scan/corrupt',
      `The modality LUT of ${path} must have ${count || 'as many'} entries of 8 to 16 bits as it states, got ${element?.length ?? 0} bytes of ${bits} bits.`,
      'Export the series again with rescale slope and intercept, or without the table.',
    );
  const read = (n: number) => (wide ? (table.uint16(DATA, n) ?? 0) : table.byteArray[element.dataOffset + n]);
  return { lut: { first, values: Uint16Array.from({ length: count }, (_, n) => read(n)) } };
}

/** Entries, first stored value, bits an entry. 0 entries stand for 65,536. */
function descriptor(table: DataSet, signed: boolean): [count: number, first: number, bits: number] {
  const at = (n: number) => table.uint16(DESCRIPTOR, n) ?? 0;
  const first = at(1);
  return [at(0) || 65536, signed && first > 32767 ? first - 65536 : first, at(2)];
}

/** `to` = the table's value for `from`. */
export function applyLut(from: ArrayLike<number>, to: { [n: number]: number }, { first, values }: ModalityLut): void {
  const last = values.length - 1;
  for (let n = 0; n < from.length; n++) to[n] = values[Math.min(Math.max(from[n] - first, 0), last)];
}
