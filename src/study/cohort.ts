/** The cases of a study: folders of images and masks, or a public data set in its own layout with the paper's preprocessing. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Normalisation, prepareImage, prepareMask } from '../core/train/preprocess.ts';
import { boxAround, cropTo } from '../core/train/region.ts';
import type { LabelMap } from '../core/volume.ts';
import { makeFolder } from '../disk/index.ts';
import { readMask, readVolume, writeNifti } from '../imaging/index.ts';
import { readLayout } from '../imaging/layouts.ts';
import { findMaskFiles } from '../project/services/import/names.ts';
import { normalisationOf } from '../project/services/train/plan.ts';
import { DecileError } from '../shared/errors.ts';
import { type StudyChannel, scansOfFolders } from './channels.ts';
import { LAYOUT_PRESET, type StudyDefinition } from './definition.ts';
import type { StudyCase } from './split.ts';

/** Voxel size of the paper's preprocessing. */
const SPACING_MM = 1;

export interface Cohort {
  cases: StudyCase[];
  /** What is still to be done to the stored intensities. */
  normalisation: Normalisation;
  notices: string[];
  /** Writes the prepared files that are not there yet; `signal` stops between two cases. */
  prepare(onCase?: (done: number, total: number) => void, signal?: AbortSignal): Promise<void>;
}

/** Lists the cases; nothing is read yet. Throws study/no-cases, study/no-mask, layout/not-found, import/no-folder. */
export function openCohort({ cohort, images, labels, preset, range, channels }: StudyDefinition, out: string): Cohort {
  if (cohort) return layoutCohort(cohort, out);
  const cases = casesOfFolders(images as string[], labels as string, channels);
  return { cases, normalisation: normalisationOf(preset, range), notices: [], prepare: async () => {} };
}

function casesOfFolders(images: readonly string[], labels: string, channels?: StudyChannel[]): StudyCase[] {
  const masks = findMaskFiles(labels);
  const cases = [...scansOfFolders(images, channels)].map(([name, files], scan): StudyCase => {
    const maskPath = masks.find(name);
    if (!maskPath)
      throw new DecileError(
        'study/no-mask',
        `Every case of a study must have a mask, got none for ${name} in ${labels}.`,
        'Add the mask, or take the scan out of the folder: unlabelled cases get their mask hidden, not missing.',
      );
    return { scan, name, volumePath: files[0].path, maskPath, ...(channels && { channels: files }) };
  });
  if (cases.length === 0)
    throw new DecileError(
      'study/no-cases',
      `The folder of images must hold scans, got none in ${images.join(' and ')}.`,
      'Check the path.',
    );
  return cases;
}

/**
 * BraTS 2019: the modality's file as it is, and every mask value above 0 as the whole tumour.
 * KiTS19: 1 mm, clipped and normalised over the whole scan, then both cut to the box around kidneys and tumour.
 */
function layoutCohort(
  { layout, folder, modality, marginMm }: NonNullable<StudyDefinition['cohort']>,
  out: string,
): Cohort {
  const dataset = readLayout(folder, layout, modality);
  const withMask = dataset.cases.filter(({ mask }) => mask !== null);
  const left = dataset.cases.length - withMask.length;
  const notices = [...dataset.notices, ...(left > 0 ? [`${left} cases without a mask are left out.`] : [])];
  const place = join(out, 'cohort');
  const file = (part: string, name: string) => join(place, part, `${name}.nii.gz`);
  const own = layout === 'kits19';
  const cases = withMask.map(({ name, image }, scan): StudyCase => {
    return { scan, name, volumePath: own ? file('images', name) : image, maskPath: file('labels', name) };
  });
  const normalisation = normalisationOf(LAYOUT_PRESET[layout]);
  return {
    cases,
    notices,
    normalisation: own ? { kind: 'none' } : normalisation,
    async prepare(onCase = () => {}, signal) {
      for (const part of own ? ['images', 'labels'] : ['labels']) makeFolder(join(place, part));
      for (const [n, { image, mask }] of withMask.entries()) {
        if (signal?.aborted) return;
        const { name, volumePath, maskPath } = cases[n];
        // The mask is written last: where it is, the image is whole too.
        if (!existsSync(maskPath)) {
          if (own) await prepareRegion(name, image, mask as string, volumePath, maskPath, normalisation, marginMm);
          else await writeNifti(maskPath, whole(await readMask(mask as string)));
        }
        onCase(n + 1, withMask.length);
      }
    },
  };
}

async function prepareRegion(
  name: string,
  image: string,
  mask: string,
  imageOut: string,
  maskOut: string,
  normalisation: Normalisation,
  marginMm: number,
): Promise<void> {
  const { volume } = await readVolume(image);
  const structure = prepareMask(whole(await readMask(mask, volume)), { spacing: SPACING_MM });
  const box = boxAround(structure, marginMm);
  if (!box)
    throw new DecileError(
      'study/no-region',
      `The mask of ${name} must hold a structure to crop at, got none.`,
      'Take the case out of the folder.',
    );
  const prepared = prepareImage(volume, { spacing: SPACING_MM }, normalisation);
  await writeNifti(imageOut, cropTo(prepared, box));
  await writeNifti(maskOut, cropTo(structure, box));
}

/** Every value above 0 as 1. */
const whole = (mask: LabelMap): LabelMap => ({ ...mask, data: mask.data.map((value) => (value > 0 ? 1 : 0)) });
