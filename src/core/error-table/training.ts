/** Errors of this part of docs/reference/errors.md: Training, prediction, evaluation, export. */
import type { ErrorRow } from './row.ts';

export const trainingErrors = {
  'train/no-scans': {
    when: 'The project is empty',
    message: 'A project must <be as expected>, got none.',
    cure: 'Import scans',
  },
  'train/no-labels': {
    when: 'No scan has an accepted mask',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Draw or import one',
  },
  'train/too-few-labels': {
    when: '`--labeled` and `--validation` ask for more labelled scans than there are',
    message: 'The labelled scans must be enough for <asked>, got <number>.',
    cure: 'Ask for fewer',
  },
  'channels/missing': {
    when: 'Scans lack channels that others have, and training leaves none out; they are named',
    message: 'Every scan must have the channels <list>, got scans without some: <list>.',
    cure: 'Import them, or train with `--channel-dropout`',
  },
  'channels/none': {
    when: 'A scan has none of the channels that a model sees',
    message: 'A scan must have one of the channels <list>, got <list> in <name>.',
    cure: 'Predict with a model of the channels that the scan has',
  },
  'channels/other': {
    when: 'Scans have other channels than those of the project',
    message: 'The scans of a project must have <channels>, got <list>.',
    cure: 'Import them into another project, or name the channels alike',
  },
  'channels/several': {
    when: 'Several series of a patient fit the name of a channel; they are named',
    message: 'The channel <name> must be one series, got <list>.',
    cure: 'Name the channel by a word of one description alone, or move the others away',
  },
  'channels/other-frame': {
    when: 'The channels of a patient are in several frames of reference, and in none of them all',
    message:
      'All channels of a patient must lie in one frame of reference, got another one for <name> than for <list>.',
    cure: 'Register them first, and export them as NIfTI on one grid',
  },
  'channels/other-grid': {
    when: 'A channel of a scan lies on another grid than the first one; the difference is stated',
    message: 'All channels of <name> must lie on one grid, got another one for <name>: <difference>.',
    cure: 'Resample it onto the grid of the first one',
  },
  'train/class-missing': {
    when: 'A label occurs in no labelled scan; it is named',
    message: 'Every label must be drawn in at least one labelled scan, got none with <list>.',
    cure: 'Draw it, or delete the label',
  },
  'train/busy': {
    when: 'Another run or prediction uses the device',
    message: 'The device must be free, got <value> still <value>.',
    cure: 'Wait, or cancel it',
  },
  'train/diverged': {
    when: 'The loss is no longer finite',
    message: 'The loss must stay finite, got <value> at step <value>.',
    cure: 'Resume with a smaller learning rate; look for wrong intensities',
  },
  'train/out-of-memory': {
    when: 'Not even a step with the smallest patch and batch fits into memory; larger ones are made smaller by the trainer itself, with a notice',
    message: 'A step must fit into memory, got: <what the system said>.',
    cure: 'Close other programs and resume, or a smaller `--width`',
  },
  'trainer/died': {
    when: "The trainer's process was killed",
    message: "The trainer's process must run to its end, got <what the system said>.",
    cure: 'Resume: the last checkpoint is whole',
  },
  'trainer/failed': {
    when: 'The trainer failed unexpectedly',
    message: 'The trainer must not fail, got: <what the system said>',
    cure: 'Resume; report it if it happens again',
  },
  'cache/damaged': {
    when: 'A prepared scan in `cache/` is not as it was written',
    message: 'A prepared scan must be as it was written, got <value>.',
    cure: 'Start again: it is then made anew. Check the disk where it comes back',
  },
  'checkpoint/corrupt': {
    when: 'A checkpoint is damaged',
    message: 'A checkpoint must <be as expected>, got <value>.',
    cure: 'Use an earlier one, or train again',
  },
  'checkpoint/version': {
    when: 'Another version of Decile wrote the checkpoint',
    message: 'A checkpoint must be of format 1, got <value>.',
    cure: 'Open it with that version',
  },
  'scan/missing': {
    when: 'The file of a scan has gone from the project',
    message: 'The file of a scan must be in the project, got none at <path>.',
    cure: 'Restore a backup, or import the scan again',
  },
  'engine/not-installed': {
    when: 'The engine asked for is not there',
    message: '<what> must <be as expected>, got <value>.',
    cure: '`npm run setup:tensorflow`',
    exit: 'setup',
  },
  'engine/broken': {
    when: 'The engine is there and does not load',
    message: '<what> must <be as expected>, got <value>.',
    cure: '`npm run setup:tensorflow -- --force`',
    exit: 'setup',
  },
  'run/unknown': {
    when: 'There is no run of that name; the runs are named',
    message: 'A run must <be as expected>, got <value>.',
    cure: 'Check the spelling',
  },
  'run/name-taken': {
    when: 'A new run has the name of an old one',
    message: "A run's name must be new, got <name>.",
    cure: 'Choose another `--name`',
  },
  'round/nothing-new': {
    when: '`decile learn` finds no mask that the last run has not learned from, and nothing to predict again',
    message: 'At least one mask must be new since <run>, got none.',
    cure: 'Accept or correct some first',
  },
  'run/none-to-resume': {
    when: 'Every run is finished',
    message: 'A run must be unfinished to be resumed, got none in this project.',
    cure: 'Start a new one',
  },
  'run/finished': {
    when: 'The run to be resumed is finished',
    message: 'A run must be unfinished to be resumed, got <run>, finished at step <value>.',
    cure: 'Start a new one',
  },
  'run/none-finished': {
    when: 'No run is finished to predict with, or to learn on from',
    message: 'A run must be finished to <be used so>, got none in this project.',
    cure: 'Train first, or name one with `--run` (`--from` of `learn`)',
  },
  'run/no-checkpoint': {
    when: 'The run has no checkpoint yet',
    message: 'A run must have a checkpoint to predict with, got <value>.',
    cure: 'Let it train on',
  },
  'run/mask-gone': {
    when: 'A mask that the run learned from was removed',
    message: 'The mask that the run learned from must still exist, got none for <scan>.',
    cure: 'Start a new run',
  },
  'run/not-running': {
    when: 'The run is not in training',
    message: 'A run must be in training, got run <run>.',
    cure: 'Reload the list',
  },
  'predict/drawing': {
    when: 'A scan to be predicted has a drawing that nobody accepted: it is left out, so that no prediction covers the drawing.',
    message: 'A scan must have no unfinished drawing to be predicted, got one of <scan>.',
    cure: 'Accept the drawing or reject the case; then predict again.',
  },
  'predict/no-scans': {
    when: 'There is no scan to predict',
    message: '<what> must <be as expected>, got <value>.',
    cure: '`--scans all`, or import some',
  },
  'evaluate/no-cases': {
    when: 'No reference is named like a scan that the run predicted',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Check names; predict with `--scans all`',
  },
  'suggest/cancelled': {
    when: 'The search for scans to label first was stopped',
    message: 'Scans must all be looked at to choose among them, got stopped after <number> of <number>.',
    cure: 'Ask again',
  },
  'evaluate/cancelled': {
    when: 'The evaluation was stopped',
    message: 'The evaluation must run to its end, got stopped after <index> of <number> cases.',
    cure: 'Start it again',
  },
  'metrics/size-mismatch': {
    when: 'Two masks of different size are compared',
    message: 'The prediction must be <size> voxels like its reference, got <size>.',
    cure: 'Use the same grid',
  },
  'metrics/unpaired': {
    when: 'Two runs are compared over different cases',
    message: 'A paired test must have as many values on both sides, got <number> and <number>.',
    cure: 'Compare the same cases',
  },
  'export/nothing': {
    when: 'There is nothing to export',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Import, draw or predict first',
  },
  'export/exists': {
    when: 'The export folder holds a data set',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Choose another folder',
  },
  'export/cancelled': {
    when: 'The export was stopped',
    message: 'The export must run to its end, got stopped after <done> of <total> scans.',
    cure: 'Start it again',
  },
  'demo/folder-in-use': {
    when: "The demo's folder holds other files",
    message: "The demo's folder must be empty or hold an earlier demo, got <number> other files in <folder>.",
    cure: 'Another `--out`',
  },
  'demo/no-steps': {
    when: 'The speed probe made no step',
    message: 'The probe of <method> must make steps, got <number>.',
    cure: 'See `decile engines`',
  },
  'phantom/unknown': {
    when: 'There is no phantom of that kind',
    message: 'A phantom must be one of <list>, got <kind>.',
    cure: 'The message names the kinds',
  },
  'phantom/size': {
    when: 'A phantom is too small',
    message: 'A phantom must have at least 8 voxels on each side, got <size>.',
    cure: 'At least 8 voxels a side',
  },
  'engine/out-of-memory': {
    when: 'The engine needs more memory than it can address, even with the smallest patch and batch',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Smaller `--width`',
    exit: 'setup',
  },
  'engine/device-lost': {
    when: 'The graphics device stopped computing, also with the smallest patch and batch',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Resume the run, or `--engine auto`',
    exit: 'setup',
  },
  'engine/unsupported': {
    when: 'The engine lacks an operation or a type; it is named',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Another `--engine`; report it',
    exit: 'setup',
  },
  'export/labels': {
    when: 'Label values have gaps, which nnU-Net does not allow',
    message: "nnU-Net's labels must be 1, 2, 3, ... without gaps, got <list>.",
    cure: 'Renumber the labels',
  },
  'export/not-dicom': {
    when: 'A scan that did not come from DICOM cannot be a DICOM SEG or RTSTRUCT',
    message: 'A DICOM object must refer to DICOM images, got <name>, which was imported from another format<value>.',
    cure: 'Import its DICOM series, or export as NIfTI or NRRD',
  },
  'export/key': {
    when: 'The key of a de-identified export is another file, or would lie among what is handed on',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Name a new file outside the export',
  },
  'export/identifiers': {
    when: 'Something that names a patient was found in a de-identified export',
    message: 'The exported files must hold nothing that names somebody, got <list><value>.',
    cure: 'Do not hand it on; export into an empty folder',
  },
} as const satisfies Record<string, ErrorRow>;
