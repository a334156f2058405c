/** Formats of `decile export`, apart from the code so that the command line's help loads nothing else. */
export const EXPORT_FORMATS = ['nifti', 'nnunet', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
