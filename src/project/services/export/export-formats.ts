/** Formats of `decile export`, apart from the code so that the command line's help loads nothing else. */
export const EXPORT_FORMATS = ['nifti', 'nrrd', 'seg', 'nnunet', 'msd', 'bids', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
/** What becomes of dates in a de-identified export. */
export const DATE_RULES = ['remove', 'shift'] as const;
export type DateRule = (typeof DATE_RULES)[number];
