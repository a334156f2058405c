/** Numbers that writers round differently: groups of frames whose values are equal to a tolerance. */

export interface Nearness {
  /** Largest difference, as a share of the larger value. */
  relative: number;
  /** Or in the value's own unit. */
  absolute: number;
}

const near = (a: readonly number[], b: readonly number[], { relative, absolute }: Nearness): boolean =>
  a.length === b.length &&
  a.every((x, n) => Math.abs(x - b[n]) <= Math.max(absolute, relative * Math.max(Math.abs(x), Math.abs(b[n]))));

/**
 * Groups in the order of their first members. A value belongs to the first group whose first member is near, so that a
 * slow drift makes no endless chain. A rounded number would split neighbours on both sides of a limit.
 */
export function groupNear<T>(all: readonly T[], values: (one: T) => readonly number[], nearness: Nearness): T[][] {
  const groups: { first: readonly number[]; members: T[] }[] = [];
  const byText = new Map<string, T[]>();
  for (const one of all) {
    const value = values(one);
    const text = value.join();
    let members = byText.get(text);
    if (!members) {
      const group = groups.find(({ first }) => near(first, value, nearness));
      members = group?.members ?? [];
      if (!group) groups.push({ first: value, members });
      byText.set(text, members);
    }
    members.push(one);
  }
  return groups.map((group) => group.members);
}
