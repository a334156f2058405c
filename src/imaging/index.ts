/** Files to volumes and back. Inside: LPS, the file's own voxel order; formats differ only in readers and writers. */
export { alignMask } from './align.ts';

export { discoverDataset } from './dataset-json.ts';
export { findIdentifiers, type Leak } from './deid/check.ts';
export { type DeidOptions, deidentify, deidentifyFile } from './deid/deidentify.ts';
export { identifiersOf } from './deid/identifiers.ts';
export { nameParts } from './deid/needles.ts';
export { identifiersIn, patientIdOf } from './dicom/provenance.ts';
export { type Provenance, provenanceSchema } from './dicom/provenance-record.ts';

export { encodeRtStruct } from './dicom/rtstruct-write.ts';
export { readDicomSeg } from './dicom/seg-read.ts';
export { encodeDicomSeg, type Segment, type SegOptions, writeDicomSeg } from './dicom/seg-write.ts';
export {
  type DicomWebServer,
  fetchStudy,
  type SeriesEntry,
  searchSeries,
  searchStudies,
  storeFiles,
  studySize,
} from './dicomweb.ts';
export { dicomFilesBelow, discoverScans } from './discover.ts';
export {
  type ExportCase,
  exportBids,
  exportMsd,
  exportNnunet,
} from './export-folders.ts';
export { linkOutside } from './files.ts';
export { writeMetaImage } from './itk/metaimage.ts';
export { writeNrrd } from './itk/nrrd.ts';
export { highest, LabelSets, type Overlap } from './label-sets.ts';
export type { ReadMask } from './masks.ts';
export { readNiftiHeader } from './nifti/read.ts';
export { writeNifti, writeNifti4D } from './nifti/write.ts';
export { readMask, readMaskWithNotices, readScan, readVolume } from './open.ts';
export { type NamedSegment, openSegments, type SegmentObject } from './segments.ts';
export type { MaskObject, ScanFailure, ScanKind, ScanSource } from './types.ts';
