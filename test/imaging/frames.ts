/** Frames as a DICOM header would state them, for tests of geometry alone. */
import type { Frame } from '../../src/imaging/dicom/frame.ts';

/** An axial CT frame of 4 x 3 pixels of 1 mm at `position`. */
export const frameAt = (position: number[], given: Partial<Frame> = {}): Frame => ({
  ...{ path: `slice-${position.join('_')}`, index: 0, seriesUid: '1.2', studyUid: '1.1', sopUid: `1.3.${position[2]}` },
  ...{ sopClass: '1.2.840.10008.5.1.4.1.1.2', frameOfReference: '1.4', modality: 'CT', rows: 3, columns: 4 },
  ...{ orientation: [1, 0, 0, 0, 1, 0], position, pixelSpacing: [1, 1], slope: 1, intercept: 0, padding: undefined },
  ...{
    bitsAllocated: 16,
    bitsStored: 12,
    signed: false,
    samples: 1,
    photometric: 'MONOCHROME2',
    overlayInPixels: false,
  },
  ...{ hasPixels: true, transferSyntax: '1.2.840.10008.1.2.1', imageType: ['ORIGINAL', 'PRIMARY'], instanceNumber: 1 },
  ...{ seriesNumber: 4, acquisition: '1', echo: '', bValue: '', temporal: '', time: '', description: '' },
  ...{ highBit: (given.bitsStored ?? 12) - 1, bodyPart: '', patientName: '', patientId: '', statedTilt: 0 },
  ...given,
});

/** Frames along z at these places, mm, numbered as they are given. */
export const stackAt = (z: number[], given: (k: number) => Partial<Frame> = () => ({})): Frame[] =>
  z.map((place, k) => frameAt([-10, -20, place], { instanceNumber: k + 1, ...given(k) }));
