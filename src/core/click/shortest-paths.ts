/** Shortest ways over a grid through some of its nodes, as far as asked and no farther. */

type Triple = readonly [number, number, number];

export class ShortestPaths {
  private readonly size: Triple;
  private readonly steps: { readonly offset: Triple; readonly length: number }[] = [];

  constructor(size: Triple, spacing: Triple) {
    this.size = size;
    for (let dk = -1; dk <= 1; dk++)
      for (let dj = -1; dj <= 1; dj++)
        for (let di = -1; di <= 1; di++)
          if (di || dj || dk)
            this.steps.push({
              offset: [di, dj, dk],
              length: Math.hypot(di * spacing[0], dj * spacing[1], dk * spacing[2]),
            });
  }

  /**
   * Lengths of the shortest ways from the nearest source over 26 neighbours (Dijkstra, 1959).
   * @param open whether a way may lead over a node
   * @param most mm; farther nodes are not looked at
   * @returns mm by node, sources included
   */
  within(sources: readonly number[], open: (node: number) => boolean, most: number): Map<number, number> {
    const far = new Map<number, number>(sources.map((v) => [v, 0]));
    const heap = new Heap();
    for (const v of sources) heap.push(0, v);
    for (let next = heap.pop(); next; next = heap.pop()) {
      const [length, node] = next;
      if (length > (far.get(node) ?? 0)) continue;
      this.neighbours(node, this.steps, (to, step) => {
        const through = length + step;
        if (through > most || through >= (far.get(to) ?? Number.POSITIVE_INFINITY) || !open(to)) return;
        far.set(to, through);
        heap.push(through, to);
      });
    }
    return far;
  }

  /** Nodes that hang together with the sources over faces. */
  connected(sources: readonly number[], open: (node: number) => boolean): number[] {
    const faces = this.steps.filter(({ offset }) => offset.filter((d) => d !== 0).length === 1);
    const found = new Set(sources);
    for (const node of found)
      this.neighbours(node, faces, (to) => {
        if (open(to)) found.add(to);
      });
    return [...found];
  }

  private neighbours(node: number, steps: ShortestPaths['steps'], visit: (to: number, length: number) => void): void {
    const [ni, nj, nk] = this.size;
    const [i, j, k] = [node % ni, Math.floor(node / ni) % nj, Math.floor(node / (ni * nj))];
    for (const { offset, length } of steps) {
      const [x, y, z] = [i + offset[0], j + offset[1], k + offset[2]];
      if (x < 0 || y < 0 || z < 0 || x >= ni || y >= nj || z >= nk) continue;
      visit(x + ni * (y + nj * z), length);
    }
  }
}

/** A binary heap of nodes by the length of the way to them. */
class Heap {
  private readonly entries: [number, number][] = [];

  push(length: number, node: number): void {
    const { entries } = this;
    let at = entries.push([length, node]) - 1;
    for (let up = (at - 1) >> 1; at > 0 && entries[up][0] > entries[at][0]; up = (at - 1) >> 1) {
      [entries[up], entries[at]] = [entries[at], entries[up]];
      at = up;
    }
  }

  pop(): [number, number] | undefined {
    const { entries } = this;
    const [first, last] = [entries[0], entries.pop()];
    if (!last || entries.length === 0) return last;
    entries[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < entries.length && entries[child][0] < entries[least][0]) least = child;
      if (least === at) return first;
      [entries[at], entries[least]] = [entries[least], entries[at]];
      at = least;
    }
  }
}
