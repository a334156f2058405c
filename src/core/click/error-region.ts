/** The region that is wrong in the same way as the place of a click: what one correction turns over. */
import { squaredDistances } from '../metrics/distance-transform.ts';
import type { Region } from './region.ts';
import { ShortestPaths } from './shortest-paths.ts';

/**
 * Coefficients of a logistic regression, fitted to the errors that a model of 8 left atria makes on scans 041-070 and to clicks
 * into the middle of the largest error of each; mm. None of those scans is reported.
 */
const RULE = { offset: 4.25, belief: 0.32, clicked: -0.07, depth: 1.5, deeper: 1.2, way: 2.75, step: 1.25 };
/** Log odds from which on a node counts as wrong too: a node turned over helps the Dice where it is wrong more often than Dice / 2. */
const ENOUGH = -0.4;
/** How much deeper than the click an error may be, and voxels that it may always be deep. */
const DEEPER = 2;
const SHALLOW = 3;
/** Radii of the label that an error counts as deep at most. */
export const DEEPEST = 0.5;
/** Log odds that a belief has at most. */
const SUREST = 6;

/**
 * Nodes that are wrong with the one clicked at. With z the model's log odds for the side that the click says, c the click, r(x) the
 * distance from x to the nearest node that is on that side already, and d(x) the way from c to x through nodes of the other side:
 *
 *   log odds that x is wrong too = 4.25 + 0.32 z(x) - 0.07 z(c) + 1.5 ln r(c) - 1.2 ln(r(x) / r(c)) - 2.75 ln(d(x) + 1.25)
 *
 * and x hangs together with c over nodes of which that holds. A reader clicks into the middle of what is wrong: the deeper that is,
 * the farther the error reaches along the border.
 *
 * @param inside 1 where the label is now, [k, j, i]
 * @param belief the model's log odds that it is there
 * @param nodes what was clicked; those that are as said already do nothing
 * @param pinned 1 at nodes that were clicked before: they stay as they are
 * @param radius mm, of a ball as large as the label: an error is taken for at most half as deep
 * @returns the nodes to turn over
 */
export function errorRegion(
  inside: Uint8Array,
  belief: Float32Array,
  { size, spacing }: Region,
  clicked: {
    readonly nodes: readonly number[];
    readonly way: 1 | -1;
    readonly pinned: Uint8Array;
    readonly radius: number;
  },
): number[] {
  const { nodes, way, pinned } = clicked;
  const as = way > 0 ? 1 : 0;
  const seeds = nodes.filter((v) => inside[v] !== as);
  if (seeds.length === 0) return [];
  const voxel = Math.min(...spacing);
  const right = Uint8Array.from(inside, (value) => (value === as ? 1 : 0));
  // Nothing is as the click says: it begins a part of its own, of a few nodes.
  const depths = right.includes(1) ? squaredDistances(right, size, spacing) : null;
  const depth = (v: number): number => (depths ? Math.sqrt(depths[v]) : SHALLOW * voxel);
  // Far from everything that is on its side a click begins a part of its own: how far says nothing of how large.
  const r = Math.min(DEEPEST * clicked.radius, Math.max(...seeds.map(depth)));
  const sure = seeds.reduce((sum, v) => sum + way * belief[v], 0) / seeds.length;
  const known = RULE.offset + RULE.depth * Math.log(r) + RULE.clicked * sure - ENOUGH;
  /** The longest way that a node of these log odds and depth may be off. */
  const reach = (z: number, deep: number): number =>
    Math.exp((known + RULE.belief * z - RULE.deeper * Math.log(deep / r)) / RULE.way) - RULE.step;
  const most = Math.max(SHALLOW * voxel, DEEPER * r);
  const paths = new ShortestPaths(size, spacing);
  const ways = paths.within(
    seeds,
    (v) => inside[v] !== as && !pinned[v] && depth(v) <= most,
    Math.max(0, reach(SUREST, voxel)),
  );
  return paths.connected(seeds, (v) => {
    const far = ways.get(v);
    return far !== undefined && far <= reach(way * belief[v], depth(v));
  });
}
