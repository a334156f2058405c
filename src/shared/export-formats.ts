/** What leaves a project and in which form: the same list for the command line, the window's calls and the service. */
export const EXPORT_FORMATS = ['nifti', 'nrrd', 'seg', 'nnunet', 'msd', 'bids', 'csv', 'html'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
/** What becomes of dates in a de-identified export. */
export const DATE_RULES = ['remove', 'shift'] as const;
export type DateRule = (typeof DATE_RULES)[number];
