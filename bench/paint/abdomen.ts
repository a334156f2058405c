/** What stands around real kidneys in a painted CT: organs of like brightness, so that no threshold finds kidney or tumour. */
import type { Random } from '../../src/core/phantom/random.ts';
import { ellipsoid, type Radius, type Triple } from '../../src/core/phantom/shapes.ts';
import type { Field } from '../../src/core/phantom/texture.ts';

/** Mean brightness of each tissue of one patient, HU. */
export interface Tissues {
  kidney: number;
  /** 20 to 40 HU from the kidney. */
  tumour: number;
  liver: number;
  spleen: number;
  vessel: number;
  muscle: number;
  fat: number;
}

/** Organs that hold a point, the first one first; x to the left, y to the back, z to the head, mm from the body's centre. */
interface Organ {
  centre: Triple;
  /** Nothing of it lies farther from its centre, mm. */
  reach: number;
  radius: Radius;
  value: number;
  /** HU of its texture. */
  texture: number;
}

export interface Body {
  halfWidth: number;
  halfDepth: number;
}

/** The tumour's side of the kidney is drawn too: three of four are darker, as most are. */
export function drawTissues(random: Random): Tissues {
  const kidney = random.range(130, 180);
  const side = random.chance(0.75) ? -1 : 1;
  const tumour = kidney + side * random.range(20, 40);
  return {
    kidney,
    tumour,
    liver: tumour + random.range(-12, 12),
    spleen: kidney + random.range(-12, 12),
    vessel: kidney + random.range(-10, 25),
    muscle: random.range(50, 70),
    fat: random.range(-112, -95),
  };
}

/** Air, skin, fat and muscle of the wall, spine, vessels, liver and spleen with their lesions, bowel; lung above. */
export class Abdomen {
  private readonly organs: Organ[];
  private readonly tissues: Tissues;
  private readonly body: Body;
  private readonly field: Field;
  private readonly wall: number;

  constructor(random: Random, tissues: Tissues, body: Body, field: Field) {
    this.tissues = tissues;
    this.body = body;
    this.field = field;
    this.wall = random.range(18, 34);
    this.organs = drawOrgans(random, tissues, body);
  }

  /** 0 in the middle of the body, 1 on its skin. */
  rho(x: number, y: number): number {
    return Math.sqrt((x / this.body.halfWidth) ** 2 + (y / this.body.halfDepth) ** 2);
  }

  /** Organs that a straight line may meet: all that a row of voxels has to ask. */
  along(point: Triple, direction: Triple): Organ[] {
    return this.organs.filter(({ centre, reach }) => {
      const [dx, dy, dz] = [centre[0] - point[0], centre[1] - point[1], centre[2] - point[2]];
      const t = dx * direction[0] + dy * direction[1] + dz * direction[2];
      return dx * dx + dy * dy + dz * dz - t * t < reach * reach;
    });
  }

  /** HU at a point that is neither kidney nor tumour, of the organs that its row may meet. */
  value(x: number, y: number, z: number, organs: readonly Organ[], texture: number): number {
    const { fat, muscle } = this.tissues;
    const rho = this.rho(x, y);
    if (rho >= 1) return -1000;
    const depth = (1 - rho) * this.body.halfDepth;
    if (depth < 2) return 20;
    if (depth < this.wall * 0.6) return fat + 8 * texture;
    const spine = spineAt(x, y - 0.42 * this.body.halfDepth, z, texture);
    if (spine !== null) return spine;
    if (depth < this.wall) return this.field(x / 6, y / 15, z / 15) > 0.6 ? fat : muscle + 7 * texture;
    for (const { radius, value, texture: amplitude } of organs)
      if (radius(x, y, z) < 1) return value + amplitude * texture;
    if (z > 170) return -860 + 30 * texture;
    return Math.abs(this.field(x / 12, y / 12 + 4, z / 18)) < 0.05 ? muscle : fat + 12 * texture;
  }
}

function spineAt(x: number, y: number, z: number, texture: number): number | null {
  if (Math.abs(x) > 28 || Math.abs(y) > 42) return null;
  const level = ((z % 34) + 34) % 34;
  const body = Math.sqrt((x / 23) ** 2 + (y / 17) ** 2);
  if (body < 1) return level < 8 ? 92 : body > 0.87 ? 420 : 170 + 30 * texture;
  const canal = Math.sqrt((x / 11) ** 2 + ((y - 26) / 9) ** 2);
  if (canal < 1) return 28;
  return canal < 1.5 && level > 6 ? 450 : null;
}

function drawOrgans(random: Random, tissues: Tissues, { halfWidth: w, halfDepth: d }: Body): Organ[] {
  const organs: Organ[] = [];
  const add = (centre: Triple, radii: Triple, value: number, texture: number, angles: Triple = [0, 0, 0]) =>
    organs.push({ centre, reach: Math.max(...radii), radius: ellipsoid(centre, radii, angles), value, texture });
  const within = (centre: Triple, reach: number): Triple => [
    centre[0] + random.range(-reach, reach),
    centre[1] + random.range(-reach, reach),
    centre[2] + random.range(-reach, reach),
  ];
  // Aorta and cava run along the spine, psoas muscles beside it.
  add([10, 0.18 * d, 0], [10, 10, 4000], tissues.vessel, 4);
  add([-20, 0.16 * d, 0], [13, 9, 4000], tissues.vessel - 10, 4);
  for (const side of [-1, 1]) add([side * 38, 0.42 * d, -90], [19, 21, 130], tissues.muscle, 6);
  const liver: Triple = [-0.47 * w, -0.15 * d, random.range(60, 90)];
  const spleen: Triple = [0.6 * w, 0.25 * d, random.range(60, 85)];
  // Lesions come first: the first organ that holds a point is seen there.
  for (let n = 0; n < 6; n++) {
    const r = random.range(6, 16);
    add(within(liver, 45), [r, r, r], n % 2 ? tissues.tumour : tissues.kidney, 8);
    if (n < 2) add(within(spleen, 15), [r / 2, r / 2, r / 2], tissues.tumour, 8);
  }
  add(liver, [0.42 * w, 0.62 * d, 100], tissues.liver, 7, [random.normal(0, 0.1), random.normal(0.2, 0.1), 0]);
  add([0, -0.4 * d, 85], [0.4 * w, 0.3 * d, 50], tissues.liver, 7);
  add(spleen, [0.17 * w, 0.38 * d, 55], tissues.spleen, 8, [0.2, -0.2, 0.2]);
  add([0.1 * w, -0.05 * d, 30], [0.36 * w, 13, 14], tissues.muscle + 40, 12, [0, -0.2, 0.1]);
  // Bowel: fluid, contrast as bright as the kidney or the tumour, gas.
  for (let n = 0; n < 70; n++) {
    const r = random.range(9, 20);
    const centre: Triple = [random.range(-0.62, 0.62) * w, random.range(-0.7, 0.1) * d, random.range(-260, 50)];
    const content = [20, tissues.kidney, tissues.tumour, 80, -850][Math.floor(random.uniform() * 5)];
    add(centre, [r, r, r * random.range(1.2, 2.4)], content, 10, [random.range(-1.5, 1.5), random.range(-1.5, 1.5), 0]);
  }
  return organs;
}
