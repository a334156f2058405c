/** SEG and RTSTRUCT objects by their header: which images they were made from. */
import { stem } from '../names.ts';
import type { MaskObject } from '../types.ts';
import { type DataSet, type DicomData, items } from './dataset.ts';

const SERIES = 'x0020000e';
const INSTANCE = 'x00081155';
const FRAME_OF_REFERENCE = 'x00200052';
const uid = (d: DataSet, tag: string) => (d.string(tag) ?? '').trim();

/** The mask object that the file is, or null for any other. The header alone is enough. */
export function maskObjectOf({ path, dataSet }: DicomData): MaskObject | null {
  const modality = uid(dataSet, 'x00080060').toUpperCase();
  const base = { path, name: stem(path) };
  if (modality === 'SEG') {
    const references = items(dataSet, 'x00081115');
    return {
      ...base,
      kind: 'seg',
      seriesUids: unique(references.map((d) => uid(d, SERIES))),
      instanceUids: unique(references.flatMap((d) => items(d, 'x0008114a')).map((d) => uid(d, INSTANCE))),
      frameOfReference: uid(dataSet, FRAME_OF_REFERENCE),
    };
  }
  if (modality === 'RTSTRUCT') {
    const frames = items(dataSet, 'x30060010');
    const series = frames.flatMap((frame) => items(frame, 'x30060012')).flatMap((study) => items(study, 'x30060014'));
    return {
      ...base,
      kind: 'rtstruct',
      seriesUids: unique(series.map((d) => uid(d, SERIES))),
      instanceUids: unique(series.flatMap((d) => items(d, 'x30060016')).map((d) => uid(d, INSTANCE))),
      frameOfReference:
        frames.map((frame) => uid(frame, FRAME_OF_REFERENCE)).find(Boolean) ??
        items(dataSet, 'x30060020')
          .map((roi) => uid(roi, 'x30060024'))
          .find(Boolean) ??
        uid(dataSet, FRAME_OF_REFERENCE),
    };
  }
  return null;
}

const unique = (uids: string[]): string[] => [...new Set(uids.filter(Boolean))];
