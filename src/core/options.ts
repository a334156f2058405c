/** The training options as data: CLI flags, forms, checks (parse-option.ts) and the reference page all derive from this table. */
import {
  type AskedOptions,
  AUGMENTATIONS,
  DICE_CLASSES,
  ENGINES,
  LENGTHS,
  METHODS,
  NETWORKS,
  OPTIMISERS,
  ORIENTATIONS,
  PREDICTORS,
  PROCESSES,
  PROTOTYPE_FEATURES,
  REGIONS,
  RESAMPLINGS,
  SCHEDULES,
  SWITCH,
  UNLABELLED_BRANCHES,
} from './training-options.ts';

export * from './training-options.ts';

export type Rule =
  | { kind: 'choice'; values: readonly string[] }
  | { kind: 'integer' | 'number'; min: number; max: number; auto?: true }
  | { kind: 'patch' }
  | { kind: 'spacing' };

export interface OptionRow<K extends keyof AskedOptions = keyof AskedOptions> {
  key: K;
  /** Command-line flag without dashes. */
  flag: string;
  default: AskedOptions[K];
  rule: Rule;
  unit: string;
  help: string;
  /** Shown only when the user unfolds the advanced options. */
  advanced: boolean;
}

const row = <K extends keyof AskedOptions>(
  key: K,
  flag: string,
  value: AskedOptions[K],
  rule: Rule,
  unit: string,
  help: string,
  advanced = true,
): OptionRow<K> => ({ key, flag, default: value, rule, unit, help, advanced });

const whole = (min: number, max: number): Extract<Rule, { min: number }> => ({ kind: 'integer', min, max });
const real = (min: number, max: number): Extract<Rule, { min: number }> => ({ kind: 'number', min, max });
const orAuto = (rule: Extract<Rule, { min: number }>): Rule => ({ ...rule, auto: true });
const choice = (values: readonly string[]): Rule => ({ kind: 'choice', values });

export const OPTIONS: readonly OptionRow[] = [
  row(
    'method',
    'method',
    'bcp',
    choice(METHODS),
    '',
    'Training method: how unlabelled scans take part. bcp mixes them with labelled ones both ways, cpcl is cyclic prototype consistency learning, supervised leaves them out.',
    false,
  ),
  row(
    'length',
    'length',
    'good',
    choice(LENGTHS),
    '',
    'How long a run takes where --steps is auto: good is at most about twenty minutes of two processor cores, on any scans, quick a quarter of that, best four times as long.',
    false,
  ),
  row(
    'steps',
    'steps',
    'auto',
    orAuto(whole(1, 1_000_000)),
    'steps',
    'Optimiser steps; the paper uses 20,000. auto: as many as --length holds, which the voxels of a step decide.',
    false,
  ),
  row(
    'network',
    'network',
    'planned',
    choice(NETWORKS),
    '',
    'The U-Net of the paper, the V-Net of the left-atrium benchmark, or a network planned for the grid of the scans.',
  ),
  row('width', 'width', 8, whole(1, 64), 'channels', 'Base width of the network; the paper uses 16.', false),
  row(
    'deepSupervision',
    'deep-supervision',
    'off',
    choice(SWITCH),
    '',
    'Coarser levels of --network planned learn the mask too, with half and a quarter of the weight.',
  ),
  row(
    'diceClasses',
    'dice-classes',
    'all',
    choice(DICE_CLASSES),
    '',
    'Whose Dice a step counts: that of all classes, as in the paper, or of those that its patches hold (present), for several labels of which some are rare.',
  ),
  row(
    'patch',
    'patch',
    'auto',
    { kind: 'patch' },
    'voxels',
    'Patch sides X,Y,Z, each divisible by 16 (for --network planned as its plan needs), or auto.',
    false,
  ),
  row(
    'spacing',
    'spacing',
    'auto',
    { kind: 'spacing' },
    'mm',
    "Voxel size used in training (one number, or X,Y,Z for thick slices), native (each scan's own), or auto.",
    false,
  ),
  row(
    'orientation',
    'orientation',
    'patient',
    choice(ORIENTATIONS),
    '',
    "patient: scans are turned to the patient's axes first (right, front, head), however they are stored; stored: as they are, for files whose axes are not known. X, Y, Z of patch and spacing are along these axes.",
  ),
  row(
    'resampling',
    'resampling',
    'linear',
    choice(RESAMPLINGS),
    '',
    'Where training voxels are coarser than the scan: linear between the two nearest along each axis, or the mean of all that a voxel covers, with less of the noise of thin slices.',
  ),
  row(
    'augmentation',
    'augmentation',
    'warp',
    choice(AUGMENTATIONS),
    '',
    "How patches vary: small rotations, zoom and contrast (warp), these and a smooth deformation (elastic), nnU-Net's rotations, zoom and mirroring (strong), the paper's quarter turns and flips (turns), or not at all.",
  ),
  row(
    'intensity',
    'intensity',
    'off',
    choice(SWITCH),
    '',
    "Varies each patch's noise, blur, brightness, contrast, resolution and gamma as nnU-Net does; beyond the paper.",
  ),
  row(
    'foregroundShare',
    'foreground-share',
    0,
    orAuto(real(0, 1)),
    '',
    'Share of the patches drawn around a voxel of a label, labels in turn, in unlabelled scans where the network saw them. auto: 0.33, as nnU-Net, where fewer than a third of the patches from anywhere hold some label, else 0.',
  ),
  row(
    'objectPaste',
    'object-paste',
    0,
    orAuto(real(0, 1)),
    '',
    'Share of the labelled patches into which a structure that lies in another label, such as a tumour in a kidney, is pasted at another place of that label: turned, mirrored, zoomed and of another contrast (TumorCP). auto: 0.8 where there are such structures, else 0.',
  ),
  row(
    'correctedShare',
    'corrected-share',
    0.33,
    real(0, 1),
    '',
    'Share of the patches of a scan whose prediction was corrected that are drawn around a voxel that the person changed: what was wrong is seen more often. 0: anywhere.',
  ),
  row(
    'coarseShare',
    'coarse-share',
    0,
    real(0, 0.9),
    '',
    'Share of the steps, the first ones, that read the same field of view at half the resolution, in more and smaller patches: a step takes about half the time. Not with turns.',
  ),
  row(
    'region',
    'region',
    'off',
    choice(REGIONS),
    '',
    'auto: a coarse model of whole scans finds the region first, and the fine one learns and predicts inside it; for small structures in large scans.',
  ),
  row('labelledPerStep', 'labeled-batch', 1, whole(1, 16), 'patches', 'Labelled patches a step.'),
  row('unlabelledPerStep', 'unlabeled-batch', 1, whole(1, 16), 'patches', 'Unlabelled patches a step.'),
  row(
    'learningRate',
    'learning-rate',
    0.01,
    real(1e-7, 10),
    '',
    'Largest learning rate; rises and falls by warm-up and schedule. sgd wants about 0.1, and 0.01 for the 20,000 steps of the paper.',
  ),
  row('optimiser', 'optimiser', 'adamw', choice(OPTIMISERS), '', 'AdamW, or SGD with momentum as in the paper.'),
  row(
    'schedule',
    'schedule',
    'cosine',
    choice(SCHEDULES),
    '',
    'How the learning rate falls: (1 - t/T)^0.9, or half a cosine.',
  ),
  row(
    'warmUp',
    'warm-up',
    0.05,
    real(0, 0.5),
    '',
    'Share of the steps over which the learning rate rises to that of the schedule.',
  ),
  row('momentum', 'momentum', 0.9, real(0, 0.9999), '', 'SGD momentum.'),
  row(
    'nesterov',
    'nesterov',
    'off',
    choice(SWITCH),
    '',
    "SGD looks one step ahead along its momentum (Nesterov's form).",
  ),
  row(
    'weightDecay',
    'weight-decay',
    0.01,
    real(0, 1),
    '',
    'Weight decay: decoupled in AdamW, coupled in SGD, which wants 1e-4.',
  ),
  row(
    'clipNorm',
    'clip-norm',
    0,
    real(0, 1e6),
    '',
    "Largest norm of a step's gradient; a longer one is scaled down. 0: no limit; nnU-Net takes 12.",
  ),
  row('emaDecay', 'ema-decay', 0.99, real(0, 0.99999), '', 'Largest decay of the teacher (equation 2).'),
  row(
    'predictWith',
    'predict-with',
    'student',
    choice(PREDICTORS),
    '',
    'The network that validates and predicts: the student, or its moving average, which methods without a teacher then keep too.',
  ),
  row(
    'ensemble',
    'ensemble',
    1,
    whole(1, 8),
    'networks',
    'Networks that learn one after another, each from other first weights, and share --steps equally; the mean of their probabilities predicts, which takes as many times as long.',
  ),
  row('lambdaMax', 'lambda-max', 0.1, real(0, 100), '', 'Final weight of the consistency terms.'),
  row(
    'unlabelledFrom',
    'unlabeled-from',
    0.75,
    real(0, 0.95),
    '',
    'Share of the steps, the first ones, that learn from labelled patches alone, as many as a step reads later; from then on the method goes on from a network that knows something.',
  ),
  row(
    'lambdaRamp',
    'lambda-ramp',
    0.3,
    real(0.001, 1),
    '',
    'Share of the steps with unlabelled scans over which lambda rises; the paper: all of them.',
  ),
  row('beta', 'beta', 10, real(0, 1000), '', 'Weight of the backward term (equation 11).'),
  row('alpha', 'alpha', 20, real(0.01, 1000), '', 'Sharpness of the prototype softmax (equation 5).'),
  row(
    'unlabelledBranch',
    'unlabeled-branch',
    'student',
    choice(UNLABELLED_BRANCHES),
    '',
    'Which network reads the unlabelled patches; both: the teacher for features and pseudo-masks, the student for P_u.',
  ),
  row(
    'prototypeFeatures',
    'prototype-features',
    'decoder-1/4',
    choice(PROTOTYPE_FEATURES),
    '',
    'Feature map that prototypes are pooled from.',
  ),
  row(
    'processes',
    'processes',
    'both',
    choice(PROCESSES),
    '',
    'Prototype processes of CPCL; one alone is an ablation. labelled: the control, see the explanation.',
  ),
  row(
    'meanTeacherTerm',
    'mean-teacher-term',
    'off',
    choice(SWITCH),
    '',
    "Adds Mean Teacher's own term to CPCL; an ablation.",
  ),
  row(
    'certaintyWeighting',
    'certainty-weighting',
    'off',
    choice(SWITCH),
    '',
    "Weighs unlabelled voxels by how certain CPCL's prediction of them is; beyond the paper.",
  ),
  row(
    'prototypeMemory',
    'prototype-memory',
    0,
    real(0, 0.9999),
    '',
    'Decay of a memory that stands in for prototypes of classes absent from a step, in cpcl and cpcl-mix; 0: no memory.',
  ),
  row('confidence', 'confidence', 0.8, real(0, 1), '', 'Least probability of a pseudo-label; agreement alone.'),
  row('dropout', 'dropout', 0.3, real(0, 0.95), '', 'Dropout after the bottleneck and before the last convolution.'),
  row(
    'channelDropout',
    'channel-dropout',
    0.1,
    real(0, 0.9),
    '',
    'Chance of each channel to be left out of a patch where scans have several, so that a missing one is survived.',
  ),
  row(
    'calibrationFolds',
    'calibration-folds',
    0,
    whole(0, 20),
    'folds',
    'Cross-validation that calibrates the expected Dice before the first review: so many short trainings of a quarter of the steps, each without a part of the labelled scans, which it then predicts. 0: none.',
  ),
  row('seed', 'seed', 1, whole(0, 4_294_967_295), '', 'Seed of every random choice.', false),
  row('engine', 'engine', 'auto', choice(ENGINES), '', 'What computes.', false),
  row('validateEvery', 'validate-every', 500, whole(1, 1_000_000), 'steps', 'Steps between two validations.'),
  row('checkpointEvery', 'checkpoint-every', 100, whole(1, 1_000_000), 'steps', 'Steps between two checkpoints.'),
];

/** The paper's network, optimiser and reading of CPCL's open choices; the defaults are those that our own figures are for. */
export const PAPER_READING = {
  labelledPerStep: 2,
  unlabelledPerStep: 2,
  unlabelledFrom: 0,
  network: 'unet',
  optimiser: 'sgd',
  learningRate: 0.01,
  schedule: 'poly',
  warmUp: 0,
  weightDecay: 1e-4,
  predictWith: 'student',
  dropout: 0.3,
  unlabelledBranch: 'teacher',
  prototypeFeatures: 'bottleneck',
  lambdaRamp: 1,
} as const;

export const DEFAULT_OPTIONS = Object.fromEntries(OPTIONS.map((o) => [o.key, o.default])) as unknown as AskedOptions;
