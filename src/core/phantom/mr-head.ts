/** A FLAIR-like MR of the head: fluid dark, grey matter a little brighter than white, a bright lesion with oedema. */
import { makeLesion, NECROSIS, OEDEMA } from './lesion.ts';
import type { Random } from './random.ts';
import type { Anatomy, Tissue } from './sample.ts';
import { ellipsoid } from './shapes.ts';
import { smoothField, smoothstep } from './texture.ts';

// Tissue codes; signal in parts of white matter's.
const AIR = 0;
const SCALP_FAT = 1;
const MUSCLE = 2;
const SKULL = 3;
const DIPLOE = 4;
const FLUID = 5;
const GREY = 6;
const WHITE = 7;
const DEEP_GREY = 8;
const CAPS = 9;
const PLEXUS = 10;
const EYE = 11;
const LESION = 12;
const CORE = 13;

const SKIN_DEPTH = 2.5;
const SULCUS_DEPTH = 21;
const CORTEX = 0.105;

/** @returns the anatomy and the half axes of the head, mm */
export function makeHead(random: Random): { anatomy: Anatomy; half: readonly [number, number, number] } {
  const field = smoothField(random);
  const half = [random.range(70, 79), random.range(90, 101), random.range(86, 98)] as const;
  const tilt = [random.normal(0, 0.06), random.normal(0, 0.06)];
  const shift = [random.normal(0, 4), random.normal(0, 4)];
  const fat = random.range(4, 7);
  const bone = random.range(6, 9);
  const gap = random.range(1.5, 4.5); // fluid between skull and brain, wider with age
  const atrophy = random.range(0.02, 0.055); // half width of a sulcus
  const foldSize = random.range(13, 16);
  const age = random.uniform();
  const contrast = random.range(1.16, 1.36); // grey against white
  const ventricle = 0.8 + 0.55 * age;
  const lateral = [-1, 1].map((side) => ({
    body: ellipsoid([side * 11, -2, 22], [6.5 * ventricle, 30, 8 * ventricle], [0.12, 0, side * -0.14]),
    horn: ellipsoid([side * 20, 38, 12], [6 * ventricle, 18, 7 * ventricle], [-0.2, 0, side * 0.3]),
    temporal: ellipsoid([side * 34, 12, -12], [4 * ventricle, 20, 4.5 * ventricle], [0.35, 0, side * 0.2]),
    caudate: ellipsoid([side * 17, -18, 16], [6, 14, 8], [0.3, 0, side * -0.2]),
    putamen: ellipsoid([side * 27, -8, 6], [6.5, 17, 11], [0, side * 0.2, side * -0.15]),
    thalamus: ellipsoid([side * 10, 10, 9], [9, 14, 10], [0, 0, side * 0.4]),
    eye: ellipsoid([side * 33, -half[1] + 12, -34], [12.5, 12.5, 12.5]),
    cerebellum: ellipsoid([side * 25, 50, -24], [31, 31, 29], [0.1, 0, 0]),
  }));
  const fourth = ellipsoid([0, 34, -22], [6 * ventricle, 6, 12]);
  const third = ellipsoid([0, 6, 4], [2.6 * ventricle, 15, 12]);
  const stem = ellipsoid([0, 22, -48], [13, 14, 42], [0.25, 0, 0]);
  const lesion = makeLesion(random, half, field);

  const set = (out: Tissue, tissue: number, value: number) => {
    out.tissue = tissue;
    out.value = value;
    out.label = 0;
    return out;
  };

  const anatomy: Anatomy = (px, py, pz, out) => {
    const x = px - shift[0] + tilt[0] * py + tilt[1] * pz;
    const y = py - shift[1] - tilt[0] * px;
    const z = pz + 24 - tilt[1] * px;
    // Narrower in front, as seen from above; the face below stays a rough cone.
    const width = half[0] * (1 + 0.1 * smoothstep(-80, 40, y) - 0.06) * (z < -40 ? 1 + (z + 40) * 0.004 : 1);
    const rho = Math.sqrt((x / width) ** 2 + (y / half[1]) ** 2 + (z > 0 ? (z / half[2]) ** 2 : (z / 150) ** 2));
    if (rho >= 1) return set(out, AIR, 0.01);
    const depth = Math.sqrt(x * x + y * y + z * z) * (1 / Math.max(rho, 1e-3) - 1);
    const texture = field(x / 5, y / 5, z / 5);
    const coarse = field(x / 22 + 7, y / 22, z / 22);
    if (depth < SKIN_DEPTH) return set(out, MUSCLE, 0.75);
    const scalp = fat * (1 + 0.3 * coarse) + SKIN_DEPTH;
    if (depth < scalp) return set(out, SCALP_FAT, 1.45 + 0.15 * texture);
    const temple = z < 18 && Math.abs(x) > 45 && y < 30 ? 6 * smoothstep(18, -10, z) : 0;
    if (depth < scalp + temple) return set(out, MUSCLE, 0.7 + 0.12 * texture);
    const inner = scalp + temple + bone;
    if (depth < inner) {
      const middle = Math.abs(depth - inner + bone / 2) < bone * 0.2 && coarse > -0.3;
      return set(out, middle ? DIPLOE : SKULL, middle ? 0.5 : 0.09);
    }
    for (const { eye } of lateral) {
      const r = eye(x, y, z);
      if (r < 1) return set(out, EYE, r > 0.88 ? 0.6 : 0.2);
      if (r < 1.45 && y < -half[1] + 45 && z < -18) return set(out, SCALP_FAT, 1.3 + 0.1 * texture);
    }
    // The floor of the cerebrum: deep at the temporal poles, a tent over the cerebellum behind.
    const temporal = Math.exp(-(((Math.abs(x) - 44) / 17) ** 2) - ((y + 4) / 38) ** 2);
    const tent = smoothstep(10, 45, y) * (6 + 16 * Math.exp(-((x / 26) ** 2)));
    const floor = -13 - 26 * temporal + tent + 0.12 * Math.min(0, y + 30) + 4 * coarse;
    if (z < floor && y < 22 && stem(x, y, z) > 1.25) {
      // Bone with marrow and air-filled sinuses, soft tissue in between.
      const base = field(x / 9, y / 9 + 11, z / 7);
      return base > 0.25 ? set(out, DIPLOE, 0.75) : set(out, SKULL, base < -0.3 ? 0.04 : 0.2);
    }
    return brain(
      x,
      y,
      z,
      Math.min(depth - inner, z < floor ? depth - inner : (z - floor) * 0.9 + 1),
      z < floor,
      texture,
      out,
    );
  };

  /** `deep`: mm below the inner table; `behind`: in the posterior fossa. */
  const brain = (
    px: number,
    py: number,
    pz: number,
    deep: number,
    behind: boolean,
    texture: number,
    out: Tissue,
  ): Tissue => {
    const [x, y, z] = lesion.displace(px, py, pz); // the mass pushes everything aside
    if (stem(x, y, z) < 1 && z < -4) return set(out, WHITE, 1.02 + 0.04 * texture);
    if (fourth(x, y, z) < 1) return set(out, FLUID, 0.16);
    for (const { cerebellum } of behind ? lateral : []) {
      const r = cerebellum(x, y, z);
      if (r < 1) {
        const folia = Math.sin(z * 1.1 + 3 * field(x / 14, y / 14, z / 14));
        if (r > 0.55 && folia > 0.86) return set(out, FLUID, 0.4);
        return set(out, r > 0.5 || folia > 0.4 ? GREY : WHITE, r > 0.5 || folia > 0.4 ? contrast * 0.97 : 1);
      }
    }
    if (behind) return set(out, FLUID, 0.2);
    const middle = Math.abs(x + 1.5 * field(2, y / 30, z / 30));
    if (deep < gap) return set(out, FLUID, 0.16);
    const callosum = z > 10 && z < 34 && Math.abs(y) < 42;
    if (middle < 0.9 && !callosum && (z > 26 || Math.abs(y) > 34)) return set(out, FLUID, 0.2);
    if (third(x, y, z) < 1) return set(out, FLUID, 0.15);

    // Folds: the field's zero surfaces are the sulci, a band about them is cortex.
    const warp = 0.35 * field(z / 30, x / 30, y / 30);
    const fold = Math.abs(field(x / foldSize + warp, y / foldSize + 3, z / foldSize + warp));
    const below = Math.min(deep - gap, callosum ? 40 : middle * 1.15 + 1);
    const open = smoothstep(SULCUS_DEPTH, 5, below);
    const bow = Math.abs(x) - 43 + ((y + 4) / 13) ** 2 + 4 * field(y / 12, z / 12, 1); // the cleft over the insula
    const island = Math.abs(bow) < 22 * atrophy + 0.5 && Math.abs(y + 4) < 27 && Math.abs(z - 4) < 14;
    if ((fold < atrophy * open * 1.6 && below < SULCUS_DEPTH) || island) return set(out, FLUID, 0.2);

    const inLesion = lesion.at(px, py, pz, texture);
    for (const side of lateral) {
      const body = Math.min(side.body(x, y, z), side.horn(x, y, z), side.temporal(x, y, z));
      if (body < 1) {
        const plexus = y > 18 && y < 34 && body < 0.6 && texture > -0.2;
        return set(out, plexus ? PLEXUS : FLUID, plexus ? 0.9 : 0.14);
      }
      if (inLesion.part === 0 && body < 1.12 + 0.22 * age * (1 + texture)) return set(out, CAPS, 1.1 + 0.45 * age);
    }
    if (inLesion.part !== 0) {
      out.tissue = inLesion.part === NECROSIS ? CORE : LESION;
      out.value = inLesion.value + (inLesion.part === OEDEMA ? 0.04 * texture : 0.1 * texture);
      out.label = 1;
      return out;
    }
    for (const { caudate, putamen, thalamus } of lateral) {
      if (Math.min(caudate(x, y, z), putamen(x, y, z), thalamus(x, y, z)) < 1)
        return set(out, DEEP_GREY, contrast * 0.95 + 0.03 * texture);
    }
    const cortex =
      below < 3.2 ||
      (Math.abs(bow) < 3.4 && Math.abs(y + 4) < 28 && Math.abs(z - 4) < 15) ||
      (below < SULCUS_DEPTH + 3 && fold < atrophy + CORTEX * (0.45 + 0.55 * open));
    const grey = contrast + 0.04 * texture;
    const white = 1 + 0.03 * texture + (age > 0.6 && field(x / 6, y / 6 + 5, z / 6) > 0.72 && below > 15 ? 0.45 : 0);
    const halo = lesion.halo(px, py, pz); // the oedema fades out beyond the drawn border
    return set(out, cortex ? GREY : WHITE, (cortex ? grey : white) + halo * (cortex ? 0.15 : 0.35));
  };
  return { anatomy, half };
}
