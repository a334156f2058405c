/** How large a demo this machine can carry: measured, never guessed. */
import { HUE } from '../../core/hues.ts';

import type { AskedOptions, PresetName } from '../../core/options.ts';
import type { PhantomKind } from '../../core/phantom/index.ts';

export interface DemoSetting {
  name: string;
  /** Voxels of each phantom. */
  size: readonly [number, number, number];
  options: Partial<AskedOptions>;
  /** Seconds that both trainings together should take. */
  trainingSeconds: number;
  /** Fewer steps teach nothing: a slow machine takes these and more time. */
  leastSteps: number;
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
    colour: HUE.orange,
    preset: 'ct-kidney',
    scans: 'CT-like abdomens',
    structure: 'both kidneys',
  },
  'mr-head': {
    label: 'lesion',
    colour: HUE.orange,
    preset: 'mr-flair',
    scans: 'MR-like heads',
    structure: 'a brain lesion with its oedema',
  },
};

/** The training cohort: 2 of 20 labelled is a tenth. The test scans are other patients that no run sees. */
export const TRAINING_SCANS = 20;
export const LABELLED_SCANS = 2;
export const TEST_SCANS = 10;

type Sides = [number, number, number];
const SIZES: Record<PhantomKind, { large: Sides; patch: Sides; small: Sides; smallPatch: Sides }> = {
  'ct-abdomen': { large: [80, 60, 40], patch: [64, 48, 32], small: [40, 30, 20], smallPatch: [32, 16, 16] },
  'mr-head': { large: [64, 80, 40], patch: [48, 64, 32], small: [32, 40, 20], smallPatch: [16, 32, 16] },
};

/**
 * The full demo, or the one for the slow engine. There is nothing between: a smaller network or coarser phantoms learn
 * less from as many steps than they save in time, so that a slow machine gets more time instead.
 */
export function demoSetting(kind: PhantomKind, engine: string): DemoSetting {
  const { large, patch, small, smallPatch } = SIZES[kind];
  return engine === 'cpu'
    ? {
        ...{ name: 'smallest', size: small, trainingSeconds: 400, leastSteps: 10, mostSteps: 600 },
        options: {
          width: 2,
          patch: smallPatch,
          labelledPerStep: 1,
          unlabelledPerStep: 1,
          unlabelledFrom: 0,
          learningRate: 0.05,
          dropout: 0,
        },
      }
    : {
        name: 'full',
        size: large,
        trainingSeconds: 200,
        leastSteps: 120,
        mostSteps: 600,
        // The batch that the paper has: with one of each a step, so few steps tell CPCL nothing.
        options: { width: 8, patch, labelledPerStep: 2, unlabelledPerStep: 2, unlabelledFrom: 0 },
      };
}

/** Steps that fit into the time, within the setting's bounds; both methods take the same number. */
export function fittingSteps(setting: DemoSetting, secondsPerStep: readonly number[]): number {
  const both = secondsPerStep.reduce((sum, s) => sum + s, 0);
  const steps = Math.floor(setting.trainingSeconds / both / 10) * 10;
  return Math.min(Math.max(steps, setting.leastSteps), setting.mostSteps);
}
