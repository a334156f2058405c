/** What leaves a project and in which form: the same list for the command line, the window's calls and the service. */
export const EXPORT_FORMATS = [
  'nifti',
  'nrrd',
  'seg',
  'seg-labelmap',
  'rtstruct',
  'nnunet',
  'msd',
  'bids',
  'csv',
  'html',
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
/** Formats of DICOM objects, which join the study of their images and may go to a server. */
export const DICOM_FORMATS: readonly ExportFormat[] = ['seg', 'seg-labelmap', 'rtstruct'];
/** Which masks leave: accepted and drawn by hand alone, predictions as runs made them, or accepted, else the prediction. */
export const EXPORT_CHOICES = ['accepted', 'predictions', 'all'] as const;
export type ExportChoice = (typeof EXPORT_CHOICES)[number];
/** What becomes of dates in a de-identified export. */
export const DATE_RULES = ['remove', 'shift'] as const;
export type DateRule = (typeof DATE_RULES)[number];
/** Forms of a model's file: the first is read again, the second is for other programs. */
export const MODEL_FORMATS = ['safetensors', 'onnx'] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];
