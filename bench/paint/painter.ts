/** Paints a CT onto a mask of kidney (1) and tumour (2): plane by plane, so that memory holds the scan and little else. */
import { axis, gridOf, voxelToWorld } from '../../src/core/geometry.ts';
import { seededRandom } from '../../src/core/phantom/random.ts';
import type { Triple } from '../../src/core/phantom/shapes.ts';
import { smoothField } from '../../src/core/phantom/texture.ts';
import { Random } from '../../src/core/random.ts';
import { type LabelMap, type Volume, voxelIndex } from '../../src/core/volume.ts';
import { Abdomen, type Body, drawTissues, type Tissues } from './abdomen.ts';
import { closeness, forLabelled } from './closeness.ts';

/** HU of the texture in kidney and tumour, and of the scanner's uneven brightness. */
const TEXTURE = 10;
const BIAS = 10;

export interface Painted {
  scan: Volume<Int16Array>;
  tissues: Tissues;
}

/**
 * A CT of the mask's grid, int16 HU; the same mask, seed and stream give the same scan.
 * @param stream which patient of the seed
 */
export function paint(mask: LabelMap, seed: number, stream: number): Painted {
  const random = seededRandom(seed, stream);
  const tissues = drawTissues(random);
  const field = smoothField(random);
  const close = closeness(mask, mask.data);
  const centre = centreOf(mask);
  const abdomen = new Abdomen(random, tissues, bodyAround(mask, centre, random.range(0.64, 0.72)), field);
  const noise = new ScannerNoise(new Random(seed, 1000 + stream), random.range(12, 20));
  const [ni, nj, nk] = mask.size;
  const data = new Int16Array(mask.data.length);
  const plane = new Float32Array(ni * nj);
  const along = axis(mask.direction, 0);
  const step = along.map((v) => v * mask.spacing[0]);
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      const corner = voxelToWorld(mask, voxelIndex(0, j, k));
      const from: Triple = [corner[0] - centre[0], corner[1] - centre[1], corner[2] - centre[2]];
      const organs = abdomen.along(from, along);
      let [x, y, z] = from;
      for (let i = 0; i < ni; i++, x += step[0], y += step[1], z += step[2]) {
        const label = mask.data[i + ni * (j + nj * k)];
        if (label === 0 && abdomen.rho(x, y) >= 1) {
          plane[i + ni * j] = -1000;
          continue;
        }
        const texture = field(x / 7, y / 7, z / 7);
        const bias = BIAS * field(x / 130 + 7, y / 130, z / 130);
        let value = 0;
        if (label > 0) value = (label === 1 ? tissues.kidney : tissues.tumour) + TEXTURE * texture;
        // Fat around the kidney, thin in places: there the neighbours touch it.
        else if (close(x + centre[0], y + centre[1], z + centre[2]) > 0.25 + 0.45 * field(x / 35, y / 35 + 3, z / 35))
          value = tissues.fat + 12 * texture;
        else value = abdomen.value(x, y, z, organs, texture);
        plane[i + ni * j] = value + bias;
      }
    }
    const seen = blurred(plane, ni, nj);
    const at = ni * nj * k;
    for (let n = 0; n < seen.length; n++) data[at + n] = Math.max(-1024, Math.round(seen[n] + noise.next()));
  }
  return { scan: { ...gridOf(mask), data }, tissues };
}

/** Across the middle of the field of view, at the height of the labels. */
function centreOf(mask: LabelMap): Triple {
  const [ni, nj, nk] = mask.size;
  const middle = voxelToWorld(mask, voxelIndex((ni - 1) / 2, (nj - 1) / 2, (nk - 1) / 2));
  let [sum, count] = [0, 0];
  forLabelled(mask, mask.data, (_x, _y, z) => {
    sum += z;
    count++;
  });
  return [middle[0], middle[1], count > 0 ? sum / count : middle[2]];
}

/** An ellipse that leaves at least a tenth of its radius around the labels. */
function bodyAround(mask: LabelMap, centre: Triple, flatness: number): Body {
  const halfWidth = 170;
  const halfDepth = halfWidth * flatness;
  let widest = 0;
  forLabelled(mask, mask.data, (x, y) => {
    widest = Math.max(widest, ((x - centre[0]) / halfWidth) ** 2 + ((y - centre[1]) / halfDepth) ** 2);
  });
  const scale = Math.max(1, Math.sqrt(widest) + 0.25);
  return { halfWidth: halfWidth * scale, halfDepth: halfDepth * scale };
}

/** Weights 1 2 1 along both axes of a plane: borders of a voxel's width. */
function blurred(plane: Float32Array, ni: number, nj: number): Float32Array {
  const rows = new Float32Array(plane.length);
  for (let n = 0; n < plane.length; n++) {
    const i = n % ni;
    rows[n] = 0.25 * plane[i > 0 ? n - 1 : n] + 0.5 * plane[n] + 0.25 * plane[i < ni - 1 ? n + 1 : n];
  }
  const both = new Float32Array(plane.length);
  for (let n = 0; n < plane.length; n++)
    both[n] = 0.25 * rows[n >= ni ? n - ni : n] + 0.5 * rows[n] + 0.25 * rows[n < ni * (nj - 1) ? n + ni : n];
  return both;
}

/** Noise that neighbours in a row share in part, as a scanner's filter leaves it. */
class ScannerNoise {
  private readonly random: Random;
  private readonly scale: number;
  private bits = new Int32Array(0);
  private at = 0;
  private last = 0;

  /** @param deviation HU */
  constructor(random: Random, deviation: number) {
    this.random = random;
    // A sum of four bytes has variance 4 (256^2 - 1) / 12; with 0.6 of the one before, 1.36 times that.
    this.scale = deviation / Math.sqrt(((4 * (256 ** 2 - 1)) / 12) * 1.36);
  }

  next(): number {
    if (this.at === this.bits.length) {
      this.bits = new Int32Array(this.random.bits(1 << 14));
      this.at = 0;
    }
    const b = this.bits[this.at++];
    const fresh = (b & 255) + ((b >>> 8) & 255) + ((b >>> 16) & 255) + (b >>> 24) - 510;
    const value = (fresh + 0.6 * this.last) * this.scale;
    this.last = fresh;
    return value;
  }
}
