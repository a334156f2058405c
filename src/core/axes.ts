/** Three numbers, one an axis: mapping them keeps that there are three. */

export type Three<T> = readonly [T, T, T];

/** `f` of each of three values; `axis` is 0, 1, 2. */
export const mapAxes = <A, B>([a, b, c]: Three<A>, f: (value: A, axis: 0 | 1 | 2) => B): [B, B, B] => [
  f(a, 0),
  f(b, 1),
  f(c, 2),
];
