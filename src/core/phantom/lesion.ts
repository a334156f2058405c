/** A glioma-like lesion: tumour, sometimes a necrotic centre, oedema with a soft border that spreads in fingers. */
import type { Random } from './random.ts';
import { ellipsoid, type Triple } from './shapes.ts';
import type { Field } from './texture.ts';
import { smoothstep } from './texture.ts';

const TUMOUR = 1;
export const NECROSIS = 2;
export const OEDEMA = 3;

export interface Lesion {
  /** The part at a point (0: none) and its signal in parts of white matter's. */
  at(x: number, y: number, z: number, texture: number): { part: number; value: number };
  /** Signal left of the oedema outside its border, 0 to 1. */
  halo(x: number, y: number, z: number): number;
  /** Where the brain at this point stood before the tumour pushed it. */
  displace(x: number, y: number, z: number): Triple;
}

/**
 * @param half half axes of the head, mm
 * @param field random field that makes the outline irregular
 */
export function makeLesion(random: Random, half: Triple, field: Field): Lesion {
  const side = random.chance(0.5) ? 1 : -1;
  const centre: Triple = [
    side * random.range(0.28, 0.56) * half[0],
    random.range(-0.48, 0.5) * half[1],
    random.range(2, 46),
  ];
  const size = 12 * Math.exp(random.range(0, 0.62)); // 12 to 22 mm, small ones more often
  const radii = [0, 1, 2].map(() => size * random.range(0.75, 1.25)) as [number, number, number];
  const angles: Triple = [random.range(0, 3), random.range(0, 3), random.range(0, 3)];
  const tumour = ellipsoid(centre, radii, angles);
  const spread = random.range(1.3, 2);
  const around = ellipsoid(
    [centre[0] * 0.97, centre[1] + random.range(-6, 6), centre[2] + random.range(-3, 5)],
    radii.map((r) => r * spread + 3) as [number, number, number],
    angles,
  );
  const necrotic = size > 12 && random.chance(0.6) ? random.range(0.35, 0.62) : 0;
  const bright = random.range(1.4, 1.8);
  const oedemaBright = random.range(1.45, 1.85);
  const rough = random.range(0.15, 0.35);
  const offset = random.range(0, 30);
  const push = size * 0.45;

  const outline = (x: number, y: number, z: number) =>
    rough * (field(x / 11 + offset, y / 11, z / 11) + 0.5 * field(x / 5 + offset, y / 5, z / 5));
  const fingers = (x: number, y: number, z: number) =>
    0.45 * field(x / 13 + offset, y / 13 + 3, z / 13) + outline(x, y, z);
  const result = { part: 0, value: 0 };

  return {
    at(x, y, z, texture) {
      result.part = 0;
      const inner = tumour(x, y, z);
      const edge = inner < 1.8 ? outline(x, y, z) : 0;
      if (inner + edge < 1) {
        const core = inner + edge + 0.15 * texture;
        result.part = core < necrotic ? NECROSIS : TUMOUR;
        result.value = core < necrotic ? 0.55 : bright;
        return result;
      }
      const outer = around(x, y, z);
      if (outer < 1.8) {
        const r = outer + fingers(x, y, z);
        if (r < 1) {
          result.part = OEDEMA;
          result.value = oedemaBright - 0.3 * smoothstep(0.6, 1, r);
        }
      }
      return result;
    },
    halo(x, y, z) {
      const outer = around(x, y, z);
      return outer < 1.9 ? 1 - smoothstep(1, 1.3, outer + fingers(x, y, z)) : 0;
    },
    displace(x, y, z) {
      const dx = x - centre[0];
      const dy = y - centre[1];
      const dz = z - centre[2];
      const distance = Math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-6;
      if (distance > size * 4) return [x, y, z];
      const pull = (push * Math.exp(-((distance / (1.4 * size)) ** 2))) / distance;
      return [x - dx * pull, y - dy * pull, z - dz * pull];
    },
  };
}
