/** Seeded damage to a file's bytes. */

/** A small random generator (xorshift, 32 bits): same seed, same inputs on every machine. */
export function randomFrom(seed: number): (below: number) => number {
  let s = (seed * 2654435761 + 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    s ^= s << 13;
    s >>>= 0;
    s ^= s >>> 17;
    s ^= s << 5;
    s >>>= 0;
    return s % below;
  };
}

/** Values at which length and size fields break: none, one, signs, all bits, just over a page or a 16-bit side. */
const BOUNDARY = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

/** One to six damages of random kinds; headers are hit more often than voxels. */
export function mutate(original: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = new Uint8Array(original);
  const rounds = 1 + random(6);
  for (let r = 0; r < rounds && bytes.length > 0; r++) {
    const near = random(3) > 0 ? Math.min(bytes.length, 1024) : bytes.length;
    const at = random(near);
    switch (random(8)) {
      case 0:
        bytes[at] ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2: {
        const v = BOUNDARY[random(BOUNDARY.length)];
        const width = 1 << random(3);
        for (let b = 0; b < width && at + b < bytes.length; b++) bytes[at + b] = (v >>> (8 * b)) & 255;
        break;
      }
      case 3: {
        const v = BOUNDARY[random(BOUNDARY.length)];
        for (let b = 0; b < 4 && at + b < bytes.length; b++) bytes[at + b] = (v >>> (8 * (3 - b))) & 255;
        break;
      }
      case 4:
        bytes = bytes.slice(0, at);
        break;
      case 5: {
        const length = 1 + random(64);
        const out = new Uint8Array(bytes.length + length);
        out.set(bytes.subarray(0, at));
        for (let b = 0; b < length; b++) out[at + b] = random(256);
        out.set(bytes.subarray(at), at + length);
        bytes = out;
        break;
      }
      case 6: {
        const length = Math.min(1 + random(64), bytes.length - at);
        const out = new Uint8Array(bytes.length - length);
        out.set(bytes.subarray(0, at));
        out.set(bytes.subarray(at + length), at);
        bytes = out;
        break;
      }
      default: {
        const from = random(bytes.length);
        const length = Math.min(1 + random(256), bytes.length - from, bytes.length - at);
        bytes.copyWithin(at, from, from + length);
      }
    }
  }
  return bytes;
}
