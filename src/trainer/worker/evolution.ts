/** Writes the prototype evolution of two fixed patches: evolution/<step>/<panel>.png and evolution/<step>.json. */

import { join } from 'node:path';
import { mapAxes } from '../../core/axes.ts';
import type { Kernels } from '../../core/network/kernels.ts';
import { type TrainingOptions, usesUnlabelled, type WithPlan } from '../../core/options.ts';
import { patchViews } from '../../core/predict/patch-view.ts';
import type { PatchSides } from '../../core/train/fit-patch.ts';
import type { Sides } from '../../core/train/patches.ts';
import type { TrainState } from '../../core/train/state.ts';
import { makeFolder, writeFileAtomic } from '../../disk/index.ts';
import type { TrainerFiles } from './dependencies.ts';

import type { PreparedCase } from './prepared-case.ts';

interface Inputs {
  runFolder: string;
  patch: PatchSides;
  classes: string[];
  labelled: PreparedCase;
  unlabelled: PreparedCase | undefined;
  kernels: Kernels;
  options: TrainingOptions & WithPlan;
  encodePng: TrainerFiles['encodePng'];
}

/** Gives a function that records one moment and returns its path; null for methods without a teacher. */
export function evolutionRecorder({
  runFolder,
  patch,
  classes,
  labelled,
  unlabelled,
  kernels,
  options,
  encodePng,
}: Inputs): (state: TrainState) => Promise<string | null> {
  if (!unlabelled || !usesUnlabelled(options.method)) return async () => null;
  const startL = aroundMask(labelled, patch);
  const startU = centre(unlabelled.size, patch);
  const l = { image: labelled.readImage(startL, patch), mask: labelled.readMask?.(startL, patch) as Uint8Array };
  const u = { image: unlabelled.readImage(startU, patch) };
  const slice = busiestSlice(l.mask, patch);
  return async ({ step, networks }) => {
    const views = await patchViews(
      networks.student,
      networks.teacher ?? networks.student,
      l,
      u,
      patch,
      classes.length,
      kernels,
      options,
    );
    const folder = join(runFolder, 'evolution', String(step));
    makeFolder(folder);
    const panels: string[] = [];
    const write = (name: string, values: Float32Array | undefined, k: number, grey: boolean) => {
      if (!values) return;
      const plane = values.subarray(k * patch[0] * patch[1], (k + 1) * patch[0] * patch[1]);
      writeFileAtomic(
        join(folder, `${name}.png`),
        encodePng({ width: patch[0], height: patch[1], channels: 1, pixels: grey ? windowed(plane) : plane01(plane) }),
      );
      panels.push(name);
    };
    const middle = patch[2] >> 1;
    write('image_l', l.image, slice, true);
    for (const name of ['Y_l', 'P_l', 'P_u2l'] as const) write(name, views[name], slice, false);
    write('image_u', u.image, middle, true);
    for (const name of ['P_u', 'P_l2u'] as const) write(name, views[name], middle, false);
    const { prototypeDistance: distance } = views;
    const caption =
      distance === undefined
        ? `Step ${step}: the unlabelled patch holds no predicted ${classes[1]} yet, so there are no unlabelled prototypes.`
        : `Step ${step}: the unlabelled prototypes separate ${classes[1]} from background with cosine distance ${distance.toFixed(2)}.`;
    const path = join(runFolder, 'evolution', `${step}.json`);
    writeFileAtomic(
      path,
      new TextEncoder().encode(
        JSON.stringify({ step, panels, caption, labelled: labelled.name, unlabelled: unlabelled.name }),
      ),
    );
    return path;
  };
}

const centre = (size: Sides, patch: Sides): Sides => mapAxes(size, (n, a) => Math.floor((n - patch[a]) / 2));

/** The patch around the mask's centre of mass. */
function aroundMask(item: PreparedCase, patch: Sides): Sides {
  const mask = item.readMask?.([0, 0, 0], item.size) ?? new Uint8Array(0);
  const [nx, ny] = item.size;
  const sum: [number, number, number] = [0, 0, 0];
  let n = 0;
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i]) continue;
    n++;
    sum[0] += i % nx;
    sum[1] += Math.floor(i / nx) % ny;
    sum[2] += Math.floor(i / (nx * ny));
  }
  if (n === 0) return centre(item.size, patch);
  return mapAxes(sum, (s, a) => {
    const room = item.size[a] - patch[a];
    return room <= 0 ? Math.floor(room / 2) : Math.min(room, Math.max(0, Math.round(s / n - patch[a] / 2)));
  });
}

function busiestSlice(mask: Uint8Array, [x, y, z]: Sides): number {
  let best = z >> 1;
  let most = 0;
  for (let k = 0; k < z; k++) {
    const count = mask.subarray(k * x * y, (k + 1) * x * y).reduce((a, v) => a + (v > 0 ? 1 : 0), 0);
    if (count > most) [best, most] = [k, count];
  }
  return best;
}

const plane01 = (plane: Float32Array): Uint8Array =>
  Uint8Array.from(plane, (v) => Math.round(255 * Math.min(1, Math.max(0, v))));

/** 1st to 99th percentile to grey. */
function windowed(plane: Float32Array): Uint8Array {
  const sorted = Float32Array.from(plane).sort();
  const [low, high] = [sorted[Math.floor(0.01 * (sorted.length - 1))], sorted[Math.floor(0.99 * (sorted.length - 1))]];
  return Uint8Array.from(plane, (v) => Math.round(255 * Math.min(1, Math.max(0, (v - low) / (high - low || 1)))));
}
