/** What masks and scans are called: the words by which people tell them apart, in the names of programs and data sets. */
const WORD =
  '(?:mask|masks|msk|seg|segs|dseg|segmentation|segmentations|label|labels|labelmap|roi|rois|annotation|annotations|gt|groundtruth|ground_truth)';
/** `mask.nii.gz`, `Segmentation-label.nrrd`: the folder or the only scan beside it says whose. */
const ONLY_WORD = new RegExp(`^${WORD}(?:[._-](?:${WORD}|final|manual|\\d{1,2}))*$`, 'i');
const SUFFIX = new RegExp(`[._-]${WORD}$`, 'i');
/** `label0001`, `segmentation-0`, `mask_case`. */
const PREFIX = new RegExp(`^${WORD}(?:[._-]+|(?=\\d))`, 'i');
/** Folders of masks. */
export const FOLDER =
  /^(labels?(tr|ts)?|masks?|segmentations?|segs?|annotations?|structures?|contours?|rois?|gt|ground_?truth)$/i;

const IMAGE =
  '(?:image|images|img|scan|volume|vol|imaging|data|orig|ct|mr|mri|pet|t1|t1c|t1ce|t1gd|t1n|t1w|t2|t2w|t2f|flair|adc|dwi|pdw)';
const IMAGE_SUFFIX = new RegExp(`[._-]${IMAGE}$`, 'i');
const IMAGE_PREFIX = new RegExp(`^${IMAGE}(?:[._-]+|(?=\\d))`, 'i');

/** What BIDS says of a mask, not of the scan that it was drawn on. */
const ENTITIES = /_(?:desc|label|seg|space|res|atlas|hemi)-[A-Za-z0-9]+/g;

/** True where nothing but such words is in the name. */
export const isMaskWord = (name: string): boolean => ONLY_WORD.test(name);
export const looksNamed = (name: string): boolean => isMaskWord(name) || SUFFIX.test(name) || PREFIX.test(name);

/** What a scan may be called by the name of its mask, the surest first. */
export function maskNames(name: string): string[] {
  const bare = name.replace(SUFFIX, '');
  const names = [name, bare, name.replace(PREFIX, ''), bare.replace(ENTITIES, '').replace(SUFFIX, '')];
  return [...new Set(names)].filter(Boolean);
}

/** What masks may call a scan, the surest first. */
export const scanNames = (name: string): string[] => [
  ...new Set([name, name.replace(IMAGE_SUFFIX, ''), name.replace(IMAGE_PREFIX, '')].filter(Boolean)),
];
