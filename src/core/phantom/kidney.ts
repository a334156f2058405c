/** One kidney: cortex, medullary pyramids, sinus fat and pelvis, and sometimes a cyst, in its own bent axes. */
import type { Random } from './random.ts';
import { rotation } from './shapes.ts';
import type { Field } from './texture.ts';

export const OUTSIDE = 0;
export const PERIRENAL_FAT = 1;
export const CORTEX = 2;
export const MEDULLA = 3;
export const SINUS_FAT = 4;
export const PELVIS = 5;
export const CYST = 6;

/** The part of the kidney at a point, mm in the body's axes. */
export type Kidney = (x: number, y: number, z: number) => number;

/**
 * @param side -1 for the patient's right, +1 for the left
 * @param surface random field that makes the outline lobulated
 */
export function makeKidney(random: Random, side: -1 | 1, surface: Field): Kidney {
  const small = random.chance(0.08) ? 0.72 : 1; // a shrunken kidney now and then
  const a = random.range(47, 60) * small; // half length
  const b = random.range(25, 31) * small; // half width, towards the side
  const c = random.range(20, 26) * small; // half depth
  const centre = [side * random.range(62, 74), random.range(30, 42), side * 7 + random.range(-16, 12)];
  // The upper pole leans inwards and backwards, the hilum looks inwards and forwards.
  const turn = rotation([
    random.normal(0.16, 0.08),
    side * random.normal(-0.24, 0.1),
    side * random.normal(-0.45, 0.15),
  ]);
  const bend = random.range(0.0025, 0.005);
  const fat = random.range(3, 11);
  const sinus = random.range(0.8, 1.15);
  const cortexDepth = random.range(5, 8);
  const pyramids = 6 + Math.floor(random.uniform() * 4);
  const phase = random.range(0, 6.28);
  const lobes = random.range(0.03, 0.08);
  const shift = random.range(0, 30);
  const cystRadius = random.chance(0.3) ? random.range(7, 17) : 0;
  const cystAngle = random.range(0, 6.28);
  const cystU = random.range(-0.6, 0.6) * a;
  const cystV = Math.abs(Math.cos(cystAngle)) * b * 0.9;
  const cystW = Math.sin(cystAngle) * c * 0.9;
  const reach = a + fat + 18;

  return (x, y, z) => {
    const dx = x - centre[0];
    const dy = y - centre[1];
    const dz = z - centre[2];
    if (dx * dx + dy * dy + dz * dz > reach * reach) return OUTSIDE;
    const w = turn[1] * dx + turn[4] * dy + turn[7] * dz;
    const u = turn[2] * dx + turn[5] * dy + turn[8] * dz;
    // Outwards is positive; the poles bend inwards, which makes the bean.
    const v = side * (turn[0] * dx + turn[3] * dy + turn[6] * dz) + bend * u * u - 3;
    if (cystRadius > 0 && (u - cystU) ** 2 + (v - cystV) ** 2 + (w - cystW) ** 2 < cystRadius ** 2) return CYST;
    let r = Math.sqrt((u / a) ** 2 + (v / b) ** 2 + (w / c) ** 2);
    if (r > 2) return OUTSIDE;
    r += lobes * surface(u / 16 + shift, v / 16 + shift, w / 16);
    if (r >= 1) return (r - 1) * c < fat ? PERIRENAL_FAT : OUTSIDE;
    const s = Math.sqrt((u / (0.46 * a)) ** 2 + ((v + 0.66 * b) / (0.72 * b)) ** 2 + (w / (0.5 * c)) ** 2) / sinus;
    if (s < 1) return s < 0.55 ? PELVIS : SINUS_FAT;
    if ((1 - r) * c < cortexDepth) return CORTEX;
    const angle = Math.atan2(v, u);
    return Math.cos(pyramids * angle + phase) + 0.6 * Math.cos(w / 3) > -0.35 ? MEDULLA : CORTEX;
  };
}
