/** The few shapes that organs are made of, in millimetres. */

/** 0 at the centre, 1 at the surface, larger outside. */
export type Radius = (x: number, y: number, z: number) => number;

export type Triple = readonly [number, number, number];

/** Row-major rotation: first about x, then y, then z, radians. */
export function rotation([a, b, c]: Triple): Float64Array {
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  return Float64Array.of(
    cc * cb,
    cc * sb * sa - sc * ca,
    cc * sb * ca + sc * sa,
    sc * cb,
    sc * sb * sa + cc * ca,
    sc * sb * ca - cc * sa,
    -sb,
    cb * sa,
    cb * ca,
  );
}

/** An ellipsoid with its own axes turned by `angles`. */
export function ellipsoid(centre: Triple, radii: Triple, angles: Triple = [0, 0, 0]): Radius {
  const [cx, cy, cz] = centre;
  const [a, b, c] = radii;
  const r = rotation(angles);
  const reach = Math.max(a, b, c) * 2;
  return (x, y, z) => {
    const dx = x - cx;
    const dy = y - cy;
    const dz = z - cz;
    if (dx > reach || dx < -reach || dy > reach || dy < -reach || dz > reach || dz < -reach) return 2;
    // The transpose turns patient axes back into the ellipsoid's own.
    const u = (r[0] * dx + r[3] * dy + r[6] * dz) / a;
    const v = (r[1] * dx + r[4] * dy + r[7] * dz) / b;
    const w = (r[2] * dx + r[5] * dy + r[8] * dz) / c;
    return Math.sqrt(u * u + v * v + w * w);
  };
}
