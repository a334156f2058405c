/** What the names of scans, and of the files and folders they came from, say of patients: scans without DICOM have nothing else. */

/** Words of data sets, machines and this program's own pages: folders bear them, and exports say them. */
const ORDINARY = new Set(
  `home users user root mnt media data dataset datasets volume volumes disk share shared export exports import imports download downloads
  desktop documents temp tmp var private folders scratch work project projects study studies patient patients case cases subject subjects
  session series scan scans image images imagestr imagests imagesval label labels labelstr labelsts mask masks seg segs segmentation
  segmentations reference references truth ground train training test tests testing valid validation unlabelled labelled unlabeled labeled
  nifti nrrd dicom dcmio nnunet raw preprocessed bids derivatives anat func task decile kits acdc brats atlas new old final copy backup
  left right upper lower atrium ventricle liver kidney kidneys tumour tumor lesion spleen heart brain lung lungs prostate pancreas colon
  hippocampus vertebra vertebrae spine bone head neck chest thorax abdomen pelvis contrast phase portal arterial venous plain flair
  with from this that their which made than them mean method model volume change dice jaccard supervised consistency
  accepted corrected rejected prediction predictions predicted reviewed review report figures person people manual
  background index name color colour source names node modules local site public opt usr cohort hospital archive pacs out main part parts
  axial coronal sagittal modality size spacing origin version run runs role steps none`.split(/\s+/),
); // biome-ignore format: a list

const SUFFIX = /(\.(nii|nrrd|mha|mhd|dcm|hdr|img|seg|label|gz|zip|ima|nhdr))+$/i;

/**
 * Names and words that must not be found in a de-identified export.
 * @param names of scans
 * @param paths of what they were read from
 * @param open words that the export says on purpose: names of labels and of runs, and the scans' new names
 */
export function sourceNames(names: readonly string[], paths: readonly string[], open: readonly string[]): string[] {
  const said = new Set(
    open.flatMap((text) => [text.toLowerCase(), ...wordsOf(text).map((word) => word.toLowerCase())]),
  );
  const unsaid = (text: string) => !said.has(text.toLowerCase()) && !ORDINARY.has(text.toLowerCase());
  const pieces = [...names, ...paths.flatMap((path) => path.split(/[\\/]+/))].map((piece) => piece.replace(SUFFIX, ''));
  const found = new Set<string>();
  for (const piece of new Set(pieces)) {
    const words = wordsOf(piece).filter(
      (word) => unsaid(word) && (word.length >= 4 || /^\p{Lu}\p{Ll}{2}$/u.test(word)),
    );
    for (const word of words) found.add(word);
    // A name of several parts as it stands; bare numbers of few digits are everywhere.
    const ordinary = wordsOf(piece).every((word) => !unsaid(word)) && !/\d{3}/.test(piece);
    if (piece.length >= 4 && !ordinary && unsaid(piece) && !/^\d{1,5}$/.test(piece)) found.add(piece);
  }
  return [...found];
}

/** Runs of letters; "JaneDoe" is two. */
const wordsOf = (text: string): string[] => text.match(/\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{Lu}+/gu) ?? [];
