/** Errors of this part of docs/reference/errors.md: Reading scans and masks. */
import type { ErrorRow } from './row.ts';

export const readingErrors = {
  'import/no-folder': {
    when: 'The folder of scans or masks does not exist',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Check the path',
  },
  'import/no-scans': {
    when: 'A folder holds no scan (that matches `--only`)',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Choose the folder that holds the scans',
  },
  'import/dataset-json': {
    when: '`dataset.json` is neither nnU-Net nor MSD, or has several channels or regions',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Correct it, or import plain folders',
  },
  'scan/too-large': {
    when: 'A scan is too large for the memory of a window',
    message: 'The scan <name> must take at most <value> GB to be shown, got <value> GB for <size>.',
    cure: 'Cut it into parts, or import it with coarser voxels; training is not affected',
  },
  'scan/truncated': {
    when: 'A file ends early',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Copy or export it again',
  },
  'scan/corrupt': {
    when: 'Compressed data are damaged',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Copy or export it again',
  },
  'scan/unreadable': {
    when: 'A file fails in a way no other code names',
    message: '<path> must be a readable scan, got: <what the system said>.',
    cure: 'Export it again',
  },
  'scan/unknown-format': {
    when: 'A file is in no readable format',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Remove it, or convert it to NIfTI',
  },
  'scan/not-nifti': {
    when: 'A file named as NIfTI is something else',
    message: '<path> must <be as expected>, got <value>.',
    cure: 'Export it again',
  },
  'scan/not-dicom': {
    when: 'A file named as DICOM is something else',
    message: '<path> must begin as a DICOM file, got other content.',
    cure: 'Transfer it again',
  },
  'scan/type': {
    when: 'A voxel type that cannot be kept (complex, colour, 64 bit beyond 2^53)',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Convert it',
  },
  'scan/size': {
    when: 'A header states an impossible size',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Export it again',
  },
  'scan/four-dimensional': {
    when: 'A file holds several volumes',
    message: '<path> must be one three-dimensional volume, got <value>.',
    cure: 'Import it with `--channels`, or split it into one file a volume',
  },
  'channels/no-volume': {
    when: 'A file holds fewer volumes than channels are named',
    message: '<path> must hold <number> volumes, got <number>.',
    cure: 'Name as many channels as it has volumes',
  },
  'scan/several-volumes': {
    when: 'A folder holds several series where one is needed',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Name one, or use `import`',
  },
  'scan/not-finite': {
    when: 'Voxels are NaN or infinite',
    message: 'Every voxel of <path> must be a finite number, got <value>.',
    cure: 'Replace them and import again',
  },
  'scan/no-geometry': {
    when: 'A DICOM image states no position or orientation',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Import the original series',
  },
  'scan/no-spacing': {
    when: 'A DICOM image states no pixel spacing',
    message: '<path> must state its pixel spacing in mm, got <list>.',
    cure: 'Export it with geometry',
  },
  'scan/no-pixels': {
    when: 'A DICOM object holds no image',
    message: '<path> must <be as expected>, got <value>.',
    cure: 'Nothing: reports and plans are no scans',
  },
  'scan/not-a-scan': {
    when: 'A DICOM object is a segmentation or a structure set',
    message: '<path> must hold a scan, got <value>.',
    cure: 'Import it as a mask',
  },
  'scan/one-place': {
    when: 'All images of a series show one place',
    message: 'Series <number> must be a volume, got <number> images of one place (contrast tracking or a cine slice).',
    cure: 'Import the diagnostic series',
  },
  'scan/missing-files': {
    when: "A disc's DICOMDIR names files that are not there",
    message: 'Every file that <path> names must be there, got <number> of <value> missing (<list><value>).',
    cure: 'Copy the whole disc again',
  },
  'scan/stray-slices': {
    when: 'One or two slices unlike the rest of their series',
    message:
      'Every slice of series <number> must belong to a volume, got <number> of another direction or size than the other <largest>.',
    cure: 'Nothing: the rest was used',
  },
  'scan/localiser': {
    when: 'A planning image, not a volume',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Import the diagnostic series',
  },
  'scan/mosaic': {
    when: "A Siemens mosaic without the scanner's private header, or a grid of slices of United Imaging",
    message: '<path> must hold one slice or say how its mosaic is made up, got <value>.',
    cure: 'Export with private attributes or as single slices, or import as NIfTI',
  },
  'scan/secondary-capture': {
    when: 'A screenshot, not a scan',
    message: '<path> must be an original or reformatted scan, got a secondary capture.',
    cure: 'Import the original series',
  },
  'scan/colour': {
    when: 'A colour image',
    message: '<path> must hold grey values, got a colour image (<value>).',
    cure: 'Import the original series',
  },
  'scan/duplicate': {
    when: 'The same image or scan twice',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Nothing: the first was used',
  },
  'scan/transfer-syntax': {
    when: 'Pixels are compressed in an unknown way',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Convert the series to uncompressed',
  },
  'scan/missing-slices': {
    when: 'Slices are missing between others',
    message:
      'The slices of series <number> must be <value> mm apart, got <lost> missing (first after slice <value> of <value>).',
    cure: 'Transfer the series again',
  },
  'scan/uneven-slices': {
    when: 'Slices do not lie above one another',
    message:
      'The slices of series <number> must lie above one another, got slices shifted by more than four times their width.',
    cure: 'Export as separate series',
  },
  'scan/overlapping-slices': {
    when: 'Several slices lie at one position',
    message:
      'Every slice position of series <number> must occur once or equally often, got <value> to <value> slices at one position.',
    cure: 'Remove the extra ones',
  },
  'scan/mixed-types': {
    when: 'Slices of a series store pixels differently',
    message: 'Every slice of series <number> must store its pixels alike, got <value> beside <value> in <path>.',
    cure: 'Export without mixing',
  },
  'geometry/not-finite': {
    when: 'An affine holds NaN or infinity',
    message: '<an affine, or an sform> must be <how many> finite numbers, got <others>.',
    cure: 'Export it again',
  },
  'geometry/singular': {
    when: 'Voxel axes do not span space',
    message: 'The voxel axes<of a file> must span space, got <a matrix of determinant 0, or what an sform has>.',
    cure: 'Export it again',
  },
  'geometry/sheared': {
    when: 'Voxel axes are not at right angles',
    message: 'The voxel axes of <path> must be at right angles, got <value>.',
    cure: 'Resample onto a rectangular grid',
  },
  'mask/not-integer': {
    when: 'A mask holds fractions',
    message: 'Every voxel of the mask <path> must be a whole number, got <value>.',
    cure: 'Export labels, not probabilities',
  },
  'mask/value': {
    when: 'A mask holds values outside 0 to 255',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Number the labels 1, 2, 3, ...',
  },
  'mask/nothing-drawn': {
    when: 'A mask says of all its voxels that nobody drew them: it teaches nothing',
    message: '<what> must hold at least one voxel that was drawn, got none: every voxel is "not drawn".',
    cure: 'Draw a slice, or check the ignore label',
  },
  'mask/unknown-value': {
    when: 'A mask holds values that are no label of the project; they are named with their counts',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Add the label, or correct the mask',
  },
  'mask/other-grid': {
    when: 'A mask has another size, spacing, orientation or origin; the difference is stated',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Resample it onto the scan',
  },
  'dicom/value': {
    when: 'A DICOM value that is written has the wrong kind',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'A fault of the program: report it',
  },
  'dicom/value-too-long': {
    when: 'A DICOM value that is written is too long',
    message: 'The value of (<tag>) must be at most 65534 bytes, got <number>.',
    cure: 'Shorten the text',
  },
  'mask/not-seg': {
    when: 'A file taken for a DICOM segmentation is something else',
    message: '<path> must <be as expected>, got <value>.',
    cure: 'Choose a SEG object',
  },
  'mask/not-rtstruct': {
    when: 'A file taken for a structure set is something else',
    message: '<path> must be an RT structure set, got modality <value>.',
    cure: 'Choose an RTSTRUCT object',
  },
  'mask/needs-scan': {
    when: 'Contours are read without the scan they belong to',
    message: "The contours of <path> must be drawn on a scan's grid, got none.",
    cure: 'Import them with their scan',
  },
  'mask/contour-plane': {
    when: 'A contour crosses slices',
    message:
      'Every contour of <path> must lie in a slice of the scan, got one of <structure> that crosses <value> slices.',
    cure: 'Export the structures on this scan',
  },
  'mask/overlapping': {
    when: 'Structures overlap and cannot become one mask',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Say which of them counts there, or import them one by one',
  },
  'mask/outside': {
    when: 'Labelled voxels lie outside the scan',
    message: '<what> must lie inside the scan, got <value>.',
    cure: 'Check that the mask belongs to it',
  },
  'mask/unknown-segment': {
    when: 'Segments of a SEG, RTSTRUCT or .seg.nrrd are no labels of the project; they are named, the others came in',
    message: 'The segments of <what> must be labels of the project (<list>), got <list>.',
    cure: 'Add labels of those names, or rename',
  },
  'mask/several': {
    when: 'Two segments or objects are the same label of one scan',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Leave one out; imported alone it becomes the next version',
  },
  'mask/unsure': {
    when: 'A file on the voxels of several scans looks like a mask, and its name does not say of which',
    message: '<path> must be a scan or a mask for sure, got <whole values on the voxels of other files>.',
    cure: 'Say with `--masks GLOB` which files are masks',
  },
  'mask/no-scan': {
    when: 'A mask belongs to no scan of the project',
    message: '<path> must belong to a scan of the project, got <list>.',
    cure: 'Import the images it was drawn on',
  },
} as const satisfies Record<string, ErrorRow>;
