/** A CT-like abdomen at the level of the kidneys, Hounsfield units; the mask holds both kidneys. */
import { CORTEX, CYST, MEDULLA, makeKidney, OUTSIDE, PELVIS, PERIRENAL_FAT, SINUS_FAT } from './kidney.ts';
import type { Random } from './random.ts';
import type { Anatomy, Tissue } from './sample.ts';
import { ellipsoid, type Radius } from './shapes.ts';
import { clamp, type Field, smoothField, smoothstep } from './texture.ts';

/** Enhancement after contrast, HU: the same kidney looks different from scan to scan. */
interface Phase {
  cortex: number;
  medulla: number;
  pelvis: number;
  aorta: number;
  cava: number;
  liver: number;
  spleen: number;
}
const ARTERIAL: Phase = { cortex: 185, medulla: 95, pelvis: 8, aorta: 270, cava: 95, liver: 76, spleen: 125 };
const PORTAL: Phase = { cortex: 180, medulla: 160, pelvis: 10, aorta: 155, cava: 135, liver: 110, spleen: 120 };
const LATE: Phase = { cortex: 140, medulla: 140, pelvis: 320, aorta: 110, cava: 110, liver: 92, spleen: 95 };

// Tissue codes of this file; the kidney's own codes are added to KIDNEY.
const AIR = 0;
const SKIN = 1;
const FAT = 2;
const MUSCLE = 3;
const BONE = 4;
const MARROW = 5;
const DISC = 6;
const CANAL = 7;
const VESSEL = 8;
const LIVER = 9;
const SPLEEN = 10;
const BILE = 11;
const WALL = 12;
const CONTENT = 13;
const GAS = 14;
const TABLE = 15;
const KIDNEY = 16;

interface Loop {
  radius: Radius;
  wall: number;
  /** Above this y (towards the back) lies fluid, in front of it gas. */
  level: number;
  content: number;
}

/** @returns the anatomy and the half width and half depth of the body, mm */
export function makeAbdomen(random: Random): { anatomy: Anatomy; halfWidth: number; halfDepth: number } {
  const field = smoothField(random);
  const halfWidth = random.range(150, 182);
  const halfDepth = halfWidth * random.range(0.64, 0.72);
  const power = random.range(2.2, 2.6);
  const fatness = random.range(9, 26);
  const wallThickness = random.range(9, 14);
  const roll = random.normal(0, 0.05);
  const [shiftX, shiftY] = [random.normal(0, 6), random.normal(0, 5)];
  const phase = choosePhase(random);
  const kidneys = [makeKidney(random, -1, field), makeKidney(random, 1, field)];
  const discAt = random.range(0, 34);
  const ribAt = random.range(0, 30);
  const psoas = random.range(13, 19);
  const liver = ellipsoid(
    [random.range(-96, -82), random.range(-30, -14), random.range(66, 90)],
    [random.range(68, 84), 84, random.range(88, 118)],
    [random.normal(0.12, 0.06), random.normal(0.3, 0.08), 0],
  );
  const leftLobe = ellipsoid([-6, -50, random.range(78, 98)], [random.range(60, 90), 38, 52], [0, -0.25, 0]);
  const spleen = ellipsoid(
    [random.range(96, 112), random.range(24, 40), random.range(62, 82)],
    [24, 42, random.range(42, 60)],
    [0.3, 0.2, -0.3],
  );
  const gallbladder = ellipsoid([-48, -48, random.range(8, 28)], [15, 17, 26], [0.3, 0.4, 0]);
  const pancreas = ellipsoid([18, -8, 34], [62, 12, 13], [0, -0.25, 0.12]);
  const loops = makeBowel(random);
  const tortuous = random.range(2, 9);
  const cos = Math.cos(roll);
  const sin = Math.sin(roll);

  const set = (out: Tissue, tissue: number, value: number) => {
    out.tissue = tissue;
    out.value = value;
    out.label = 0;
    return out;
  };

  const anatomy: Anatomy = (px, py, z, out) => {
    const x = cos * (px - shiftX) + sin * (py - shiftY);
    const y = -sin * (px - shiftX) + cos * (py - shiftY);
    const depthScale = y > 0 ? halfDepth * 0.93 : halfDepth * (1 + 0.04 * Math.sin(z / 60));
    const rho = ((Math.abs(x) / halfWidth) ** power + (Math.abs(y) / depthScale) ** power) ** (1 / power);
    if (rho >= 1) {
      const table = y - halfDepth * 0.98 + (x * x) / 900;
      return table > 0 && table < 5 && Math.abs(x) < 190 ? set(out, TABLE, -250) : set(out, AIR, -1000);
    }
    const depth = Math.sqrt(x * x + y * y) * (1 / Math.max(rho, 1e-3) - 1); // mm below the skin
    if (depth < 2.5) return set(out, SKIN, 15);
    const texture = field(x / 9, y / 9, z / 9);
    const angle = Math.atan2(y, x);
    const fat = fatness * (1 + 0.35 * Math.sin(angle) + 0.25 * field(angle * 2 + 9, 5, z / 60));
    if (depth < fat) return set(out, FAT, -104 + 9 * texture);

    const bone = spine(x, y, z, discAt, texture);
    if (bone) return set(out, bone.tissue, bone.value);

    for (const kidney of kidneys) {
      const part = kidney(x, y, z);
      if (part !== OUTSIDE) return paintKidney(part, phase, texture, out);
    }

    // Ribs run in the wall, downwards as they come forwards, and end before the belly.
    const wall = wallThickness + 26 * smoothstep(0.35, 0.9, Math.sin(angle)) * smoothstep(95, 55, Math.abs(x));
    const inWall = depth < fat + wall;
    if (inWall && Math.abs(x) > 45 && y > -40) {
      const along = ((((z + 0.75 * (60 - y) + ribAt) % 30) + 30) % 30) - 15;
      const across = depth - fat - 6;
      const r = (along / 6.5) ** 2 + (across / 4.2) ** 2;
      if (z + 0.75 * (60 - y) > -6 && r < 1) return r > 0.35 ? set(out, BONE, 520) : set(out, MARROW, 190);
    }
    if (inWall) return set(out, MUSCLE, 56 + 7 * texture - (field(x / 5, y / 14, z / 14) > 0.62 ? 70 : 0));

    const thick = psoas * smoothstep(95, -60, z);
    if (((Math.abs(x) - 24 - thick * 0.7) / thick) ** 2 + ((y - 46) / (thick * 1.25)) ** 2 < 1)
      return set(out, MUSCLE, 60 + 6 * texture);

    const wander = tortuous * Math.sin(z / 38);
    const toAorta = Math.sqrt((x - 9 - wander) ** 2 + (y - 17) ** 2);
    if (toAorta < 10.5) return set(out, VESSEL, toAorta > 9 && field(z / 8, angle, 3) > 0.55 ? 420 : phase.aorta);
    if (((x + 20) / 13) ** 2 + ((y - 16 - 0.08 * z) / 9.5) ** 2 < 1) return set(out, VESSEL, phase.cava + 10 * texture);

    const edge = 0.06 * field(x / 30, y / 30, z / 30);
    const margin = depth - fat - wall;
    if (gallbladder(x, y, z) < 1) return set(out, BILE, 9);
    if (margin > 2 && (liver(x, y, z) + edge < 1 || leftLobe(x, y, z) + edge < 1)) {
      const vein =
        Math.abs(field(x / 26 + 3, y / 26, z / 26)) < 0.035 && Math.abs(field(x / 26, y / 26 + 9, z / 26)) < 0.4;
      return set(out, LIVER, vein ? phase.cava + 15 : phase.liver + 6 * texture);
    }
    if (margin > 2 && spleen(x, y, z) + edge < 1) return set(out, SPLEEN, phase.spleen + 8 * texture);
    if (paintBowel(loops, x, y, z, texture, out)) return out;
    if (paintColon(x, y, z, margin, field, out)) return out;
    if (pancreas(x, y, z) + 0.25 * texture < 1) return set(out, LIVER + 20, 88 + 14 * texture);
    const strand = Math.abs(field(x / 12, y / 12 + 4, z / 18)) < 0.05 ? 50 : 0; // mesenteric vessels and septa
    return set(out, FAT, -106 + 12 * texture + strand);
  };
  return { anatomy, halfWidth, halfDepth };
}

function choosePhase(random: Random): Phase {
  const u = random.uniform();
  const base = u < 0.35 ? ARTERIAL : u < 0.93 ? PORTAL : LATE;
  const dose = random.range(0.85, 1.15);
  return Object.fromEntries(Object.entries(base).map(([organ, hu]) => [organ, hu * dose])) as unknown as Phase;
}

function paintKidney(part: number, phase: Phase, texture: number, out: Tissue): Tissue {
  out.tissue = KIDNEY + part;
  out.label = part === CORTEX || part === MEDULLA || part === CYST ? 1 : 0;
  switch (part) {
    case CORTEX:
      out.value = phase.cortex + 8 * texture;
      break;
    case MEDULLA:
      out.value = phase.medulla + 8 * texture;
      break;
    case PELVIS:
      out.value = phase.pelvis;
      break;
    case CYST:
      out.value = 8;
      break;
    case SINUS_FAT:
    case PERIRENAL_FAT:
      out.value = -98 + 10 * texture;
      break;
  }
  return out;
}

function spine(
  x: number,
  y: number,
  z: number,
  discAt: number,
  texture: number,
): { tissue: number; value: number } | null {
  const side = Math.abs(x);
  if (side > 46 || y < 20 || y > 100) return null;
  const level = (((z + discAt) % 34) + 34) % 34; // 0..9 disc, 9..34 vertebra
  const body = Math.sqrt((x / 23) ** 2 + ((y - 42) / 16.5) ** 2);
  if (body < 1 && y < 55) {
    if (level < 8) return { tissue: DISC, value: 92 };
    const rim = body > 0.87 || level < 10 || level > 32;
    return rim ? { tissue: BONE, value: 430 } : { tissue: MARROW, value: 175 + 30 * texture };
  }
  const canal = Math.sqrt((x / 11) ** 2 + ((y - 63) / 8.5) ** 2);
  if (canal < 1) return { tissue: CANAL, value: 28 };
  if (canal < 1.5 && level > 6) return { tissue: BONE, value: 480 };
  if (level > 14 && level < 26 && side < 40 && Math.abs(y - 58 - side * 0.12) < 4) return { tissue: BONE, value: 400 };
  if (level > 10 && side < 3.6 && y > 63 && y < 93) return { tissue: BONE, value: 420 };
  // Fat between the muscles of the back.
  return side < 2.5 && y > 75 ? { tissue: FAT, value: -95 } : null;
}

function makeBowel(random: Random): Loop[] {
  const loops: Loop[] = [];
  const stomach: [number, number, number] = [random.range(48, 66), random.range(-50, -36), random.range(58, 80)];
  loops.push({
    radius: ellipsoid(stomach, [random.range(34, 48), 32, 42], [0.2, 0.4, -0.4]),
    wall: 0.1,
    level: stomach[1] - random.range(5, 22),
    content: random.chance(0.5) ? 18 : 160,
  });
  const count = 34 + Math.floor(random.uniform() * 26);
  const oral = random.chance(0.5); // contrast by mouth fills some loops
  for (let n = 0; n < count; n++) {
    const centre: [number, number, number] = [random.range(-88, 96), random.range(-82, 4), random.range(-118, 34)];
    const thick = random.range(9, 16);
    loops.push({
      radius: ellipsoid(
        centre,
        [thick, thick * random.range(0.8, 1.1), thick * random.range(1.3, 2.6)],
        [random.range(-1.6, 1.6), random.range(-1.6, 1.6), random.range(0, 3)],
      ),
      wall: 2.6 / thick,
      level: random.chance(0.25) ? centre[1] + random.range(-6, 4) : -1000,
      content: oral && random.chance(0.45) ? random.range(130, 300) : random.range(12, 40),
    });
  }
  return loops;
}

function paintBowel(loops: Loop[], x: number, y: number, z: number, texture: number, out: Tissue): boolean {
  for (const loop of loops) {
    const r = loop.radius(x, y, z);
    if (r >= 1) continue;
    out.label = 0;
    if (r > 1 - loop.wall) {
      out.tissue = WALL;
      out.value = 72 + 10 * texture;
    } else if (y < loop.level) {
      out.tissue = GAS;
      out.value = -930;
    } else {
      out.tissue = CONTENT;
      out.value = loop.content + 8 * texture;
    }
    return true;
  }
  return false;
}

/** Ascending and descending colon along the flanks: stool with gas pockets, wall with haustra. */
function paintColon(x: number, y: number, z: number, margin: number, field: Field, out: Tissue): boolean {
  const side = Math.sign(x);
  if (side < 0 ? z > -8 : z > 40) return false;
  const radius = (side < 0 ? 24 : 17) + 3 * Math.sin(z / 7);
  const r = Math.sqrt((margin - radius - 3) ** 2 + (y + 4 + 10 * Math.sin(z / 50)) ** 2) / radius;
  if (r >= 1) return false;
  const stool = field(x / 8, y / 8, z / 8);
  const gas = stool + clamp(-(y + 4) / 40, -0.4, 0.4) > 0.35;
  out.label = 0;
  out.tissue = r > 0.86 ? WALL : gas ? GAS : CONTENT;
  out.value = r > 0.86 ? 68 : gas ? -800 : 20 + 70 * stool;
  return true;
}
