/** How long a click waits in a large scan: a phantom of 256^3, clicked in and around a structure. */
import { beliefOf, ClickSession, type Seed } from '../../src/core/click/index.ts';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { Random } from '../../src/core/random.ts';
import type { LabelMap, Volume } from '../../src/core/volume.ts';
import { type Figure, rounded } from './figures.ts';

const SIDE = 256;
const CLICKS = 15;

/** Image alone, and from a mask that lies three voxels too far; the first click of each says "this". */
export function previewTimes(): Figure {
  const { scan, mask } = makePhantom('ct-abdomen', 1, [SIDE, SIDE, SIDE]);
  const inside: number[] = [];
  for (let v = 0; v < mask.data.length; v++) if (mask.data[v] === 1) inside.push(v);
  const random = new Random(1);
  const seeds = Array.from({ length: CLICKS }, (_, n): Seed => {
    const voxel = inside[random.uint32() % inside.length];
    // "Not this" beside the structure, along i.
    return n % 3 ? { inside: false, voxels: [outwards(mask, voxel)] } : { inside: true, voxels: [voxel] };
  });
  const shifted: LabelMap = { ...mask, data: mask.data.map((_, v) => (v >= 3 && mask.data[v - 3] === 1 ? 1 : 0)) };
  const seconds = [null, beliefOf(shifted, 1, null)].flatMap((belief) => timesOf(scan as Volume, seeds, belief));
  const spent = seconds.map(({ processor }) => processor).sort((a, b) => a - b);
  const waited = seconds.map(({ wall }) => wall).sort((a, b) => a - b);
  const at = (share: number, of = waited) => rounded(of[Math.floor(share * (of.length - 1))]);
  return {
    figure: 'preview seconds at 256^3',
    ...{ p50: at(0.5), p95: at(0.95), most: at(1) },
    // On a busy machine this alone says something of the program.
    ...{ processorP50: at(0.5, spent), processorP95: at(0.95, spent) },
    previews: seconds.length,
  };
}

function timesOf(
  scan: Volume,
  seeds: readonly Seed[],
  belief: Int8Array | null,
): { wall: number; processor: number }[] {
  const session = new ClickSession(scan);
  return seeds.map((_, n) => {
    const [from, before] = [performance.now(), process.cpuUsage()];
    session.preview(seeds.slice(0, n + 1), belief);
    const { user, system } = process.cpuUsage(before);
    return { wall: (performance.now() - from) / 1000, processor: (user + system) / 1e6 };
  });
}

/** Four voxels past the structure, on its row. */
function outwards({ data, size }: LabelMap, voxel: number): number {
  let at = voxel;
  while (data[at] === 1 && at % size[0] < size[0] - 5) at++;
  return at + 4;
}
