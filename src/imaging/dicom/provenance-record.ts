/** What a segmentation of a DICOM scan must refer to, kept with the scan so that the source files may be gone. */
import { z } from 'zod';

const instance = z.object({
  sopClass: z.string(),
  sopUid: z.string(),
  /** Frame inside a multi-frame file, from 0. */
  frame: z.number().int(),
  multiFrame: z.boolean(),
  /** Centre of the first pixel, LPS mm. */
  position: z.array(z.number()).length(3),
});

export const provenanceSchema = z.object({
  version: z.literal(1),
  studyUid: z.string(),
  seriesUid: z.string(),
  frameOfReference: z.string(),
  seriesNumber: z.number().nullable(),
  modality: z.string(),
  /** BodyPartExamined; absent where the header does not say. */
  bodyPart: z.string().optional(),
  /** The patient, study and equipment attributes that a segmentation repeats, by tag, their bytes in base64 so that the character set stays true. */
  shared: z.record(z.string(), z.string()),
  /** In the order of the slices. */
  instances: z.array(instance),
});
export type Provenance = z.infer<typeof provenanceSchema>;
export type Instance = z.infer<typeof instance>;
