/** The training options as types: what each may be, as asked for, planned and settled. The table of them is options.ts. */
import type { NetworkPlan } from './network/plan.ts';

export const METHODS = [
  'cpcl',
  'supervised',
  'mean-teacher',
  'ua-mt',
  'entropy',
  'dan',
  'ict',
  'dtml',
  'paste',
  'bcp',
  'cpcl-mix',
  'agreement',
] as const;
export type MethodName = (typeof METHODS)[number];
/** Methods that learn from pseudo-masks mixed with labelled patches. */
export const makesPseudoMasks = (method: MethodName): boolean => method === 'bcp' || method === 'cpcl-mix';
/** False for methods in which no unlabelled scan has a part. */
export const usesUnlabelled = (method: MethodName): boolean => method !== 'supervised' && method !== 'paste';
export const PRESETS = ['ct-kidney', 'ct-abdomen', 'ct-lung', 'ct-bone', 'ct-head', 'ct', 'mr-flair', 'mr'] as const;
export type PresetName = (typeof PRESETS)[number];
export const ENGINES = ['auto', 'tensorflow', 'webgpu', 'simd', 'cpu'] as const;
export type EngineName = (typeof ENGINES)[number];
export const NETWORKS = ['unet', 'vnet', 'planned'] as const;
export type NetworkName = (typeof NETWORKS)[number];
export const PROTOTYPE_FEATURES = ['bottleneck', 'decoder-1/8', 'decoder-1/4', 'decoder-1/2'] as const;
export type PrototypeFeatures = (typeof PROTOTYPE_FEATURES)[number];
export const UNLABELLED_BRANCHES = ['teacher', 'student', 'both'] as const;
export type UnlabelledBranch = (typeof UNLABELLED_BRANCHES)[number];

export const PROCESSES = ['both', 'forward', 'backward', 'labelled'] as const;
export type Processes = (typeof PROCESSES)[number];
export const AUGMENTATIONS = ['turns', 'warp', 'elastic', 'strong', 'none'] as const;
export type Augmentation = (typeof AUGMENTATIONS)[number];
export const SWITCH = ['off', 'on'] as const;
export const SMALL_STRUCTURES = ['auto', 'off', 'few', 'on'] as const;
export const ORIENTATIONS = ['patient', 'stored'] as const;
export type Orientation = (typeof ORIENTATIONS)[number];
export const RESAMPLINGS = ['linear', 'mean'] as const;
export type Resampling = (typeof RESAMPLINGS)[number];
export const REGIONS = ['off', 'auto'] as const;
export const OPTIMISERS = ['sgd', 'adamw'] as const;
export type OptimiserName = (typeof OPTIMISERS)[number];
export const SCHEDULES = ['poly', 'cosine'] as const;
export type ScheduleName = (typeof SCHEDULES)[number];
/** Whose Dice counts in L_s: that of all classes, or of those that the patches of a step hold. */
export const DICE_CLASSES = ['all', 'present'] as const;
export type DiceClasses = (typeof DICE_CLASSES)[number];
export const PREDICTORS = ['student', 'teacher'] as const;
export type PredictorName = (typeof PREDICTORS)[number];
export const LENGTHS = ['quick', 'good', 'best'] as const;
export type LengthName = (typeof LENGTHS)[number];

/** Everything that decides a training run besides the scans themselves. */
export interface TrainingOptions {
  method: MethodName;
  /** How long a run takes whose steps are planned. */
  length: LengthName;
  steps: number;
  network: NetworkName;
  width: number;
  /** Logits of coarser levels learn too; planned networks alone. */
  deepSupervision: (typeof SWITCH)[number];
  diceClasses: DiceClasses;
  /** Patch sides in voxels, x, y, z, divisible as the network needs; 'auto' fits scans and memory. */
  patch: 'auto' | readonly [number, number, number];
  /** Voxel size of training in mm, of a cube or x, y, z; or each scan's own grid. */
  spacing: 'auto' | 'native' | number | readonly [number, number, number];
  /** Whether scans are turned to the patient's axes first, or read as they are stored. */
  orientation: Orientation;
  /** What a voxel is that is coarser than the scan's. */
  resampling: Resampling;
  augmentation: Augmentation;
  /** Changes of intensity as nnU-Net has them. */
  intensity: (typeof SWITCH)[number];
  /** Patches, region and Dice as a small structure in a large scan wants them, where nobody said otherwise; a plan settles auto, which until then is off. */
  smallStructures: (typeof SMALL_STRUCTURES)[number];
  /** Share of the patches that are drawn around a voxel of a class. */
  foregroundShare: 'auto' | number;
  /** Share of the labelled patches into which a structure of another place is pasted. */
  objectPaste: 'auto' | number;
  /** Share of a corrected scan's patches that are drawn around a voxel that a person changed. */
  correctedShare: number;
  /** Whether a coarse model first finds the part of each scan that is worth reading. */
  region: (typeof REGIONS)[number];
  /** Share of the steps, the first ones, that read patches at half the resolution. */
  coarseShare: number;
  labelledPerStep: number;
  unlabelledPerStep: number;
  learningRate: number;
  optimiser: OptimiserName;
  schedule: ScheduleName;
  /** Share of the steps over which the learning rate rises to its start. */
  warmUp: number;
  momentum: number;
  nesterov: (typeof SWITCH)[number];
  /** Chance of each channel to be left out of a patch, where scans have several. */
  channelDropout: number;
  weightDecay: number;
  /** Largest norm of a step's gradient; 0 for any. */
  clipNorm: number;
  emaDecay: number;
  /** Which network validates and predicts. */
  predictWith: PredictorName;
  /** Networks that share the steps and predict together. */
  ensemble: number;
  lambdaMax: number;
  /** Share of the steps, the first ones, in which unlabelled scans have no part. */
  unlabelledFrom: number;
  /** Share of the steps that are left then after which lambda has its final weight. */
  lambdaRamp: number;
  beta: number;
  alpha: number;
  unlabelledBranch: UnlabelledBranch;
  prototypeFeatures: PrototypeFeatures;
  /** Which prototype processes of CPCL are on. */
  processes: Processes;
  /** Adds the Mean Teacher term to CPCL. */
  meanTeacherTerm: (typeof SWITCH)[number];
  /** Weighs unlabelled voxels in both prototype processes of CPCL. */
  certaintyWeighting: (typeof SWITCH)[number];
  /** Decay of the memory that stands in for prototypes of absent classes; 0: no memory. */
  prototypeMemory: number;
  /** Least probability of a pseudo-label of `agreement`. */
  confidence: number;
  dropout: number;
  /** Parts of the labelled scans that are left out one by one in short trainings, which calibrate the expected Dice; 0: none. */
  calibrationFolds: number;
  seed: number;
  engine: EngineName;
  validateEvery: number;
  checkpointEvery: number;
}

/** What patch and memory follow from: all but how many steps there are. */
export type StepOptions = Omit<TrainingOptions, 'steps'>;

/** Options as they are asked for: a plan decides the steps from the grids of the scans. */
export type AskedOptions = StepOptions & { steps: 'auto' | number };

/** Voxel size of training, once a plan has settled `auto`. */
export type SettledSpacing = Exclude<TrainingOptions['spacing'], 'auto'>;

/** Options of a planned run: the voxel size is decided. */
export interface PlannedOptions extends Omit<TrainingOptions, 'spacing'> {
  spacing: SettledSpacing;
  /** Median voxel size of the training grid, x, y, z, mm: what the network `planned` is planned from. */
  voxel?: readonly [number, number, number];
}

/** The shape of the network `planned`, once the patch is decided; absent for the others. */
export interface WithPlan {
  plan?: NetworkPlan;
}

/** Options of a run that computes: patch and voxel size are decided. */
export interface SettledOptions extends Omit<PlannedOptions, 'patch'>, WithPlan {
  patch: Exclude<TrainingOptions['patch'], 'auto'>;
}
