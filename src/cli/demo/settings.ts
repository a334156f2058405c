/** How large a demo this machine can carry: measured, never guessed. */

import type { PresetName, TrainingOptions } from '../../core/options.ts';
import type { PhantomKind } from '../../core/phantom/index.ts';

export interface DemoSetting {
  name: string;
  /** What it was made for; the slow engine never tries a `fast` one. */
  engine: 'fast' | 'any';
  /** Voxels of each phantom. */
  size: readonly [number, number, number];
  options: Partial<TrainingOptions>;
  /** Seconds that both trainings together may take. */
  trainingSeconds: number;
  /** Fewer steps than these teach nothing: the next smaller setting is taken. 0 in the last setting, which takes ten at least. */
  fewestSteps: number;
  mostSteps: number;
}

/** What a kind of phantom is called in words and in the project. */
export interface KindText {
  label: string;
  colour: string;
  preset: PresetName;
  scans: string;
  structure: string;
}

export const KINDS: Record<PhantomKind, KindText> = {
  'ct-abdomen': {
    label: 'kidney',
    colour: '#e69f00',
    preset: 'ct-kidney',
    scans: 'CT-like abdomens',
    structure: 'both kidneys',
  },
  'mr-head': {
    label: 'lesion',
    colour: '#e69f00',
    preset: 'mr-flair',
    scans: 'MR-like heads',
    structure: 'a brain lesion with its oedema',
  },
};

/** The training cohort: 2 of 20 labelled is a tenth. The test scans are other patients that no run sees. */
export const TRAINING_SCANS = 20;
export const LABELLED_SCANS = 2;
export const TEST_SCANS = 10;

const SIZES: Record<
  PhantomKind,
  {
    large: DemoSetting['size'];
    small: DemoSetting['size'];
    patch: [number, number, number];
    smallPatch: [number, number, number];
  }
> = {
  'ct-abdomen': { large: [80, 60, 40], small: [48, 36, 24], patch: [64, 48, 32], smallPatch: [32, 32, 16] },
  'mr-head': { large: [64, 80, 40], small: [36, 44, 24], patch: [48, 64, 32], smallPatch: [32, 32, 16] },
};

/** From large to small. */
export function demoSettings(kind: PhantomKind): DemoSetting[] {
  const { large, small, patch, smallPatch } = SIZES[kind];
  return [
    {
      name: 'full',
      engine: 'fast',
      size: large,
      options: { width: 8, patch },
      trainingSeconds: 200,
      fewestSteps: 150,
      mostSteps: 600,
    },
    {
      name: 'half',
      engine: 'fast',
      size: large,
      options: { width: 4, patch },
      trainingSeconds: 240,
      fewestSteps: 100,
      mostSteps: 600,
    },
    {
      name: 'small',
      engine: 'any',
      size: small,
      options: { width: 4, patch: smallPatch },
      trainingSeconds: 420,
      fewestSteps: 60,
      mostSteps: 600,
    },
    {
      name: 'smallest',
      engine: 'any',
      size: small,
      options: { width: 2, patch: smallPatch },
      trainingSeconds: 480,
      fewestSteps: 0,
      mostSteps: 600,
    },
  ];
}

/** Steps that fit: both methods take the same number. Null when a smaller setting must be tried. */
export function fittingSteps(setting: DemoSetting, secondsPerStep: readonly number[]): number | null {
  const both = secondsPerStep.reduce((sum, s) => sum + s, 0);
  const steps = Math.floor(setting.trainingSeconds / both / 10) * 10;
  return steps < setting.fewestSteps ? null : Math.min(Math.max(steps, 10), setting.mostSteps);
}
