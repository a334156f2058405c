/** A seeded generator (sfc32, 128 bits of state) that a checkpoint can save and restore. */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 1;

  /** @param seed a whole number; `stream` gives independent generators of one seed. */
  constructor(seed: number, stream = 0) {
    this.a = seed | 0;
    this.b = Math.imul(seed, 0x9e3779b9) ^ stream;
    this.c = Math.imul(stream + 1, 0x85ebca6b);
    for (let i = 0; i < 16; i++) this.uint32();
  }

  uint32(): number {
    const t = (this.a + this.b + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    this.c |= 0;
    return t >>> 0;
  }

  /** The next `count` draws of `uint32`, as 32-bit patterns: several times faster than one by one. */
  bits(count: number): Int32Array {
    const drawn = new Int32Array(count);
    let { a, b, c, d } = this;
    for (let i = 0; i < count; i++) {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      drawn[i] = t;
    }
    [this.a, this.b, this.c, this.d] = [a, b, c, d];
    return drawn;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** A whole number in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Box-Muller; one value a call, so that the state alone decides what follows). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fisher-Yates, in a new array. */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** Draws the same from here on. */
  copy(): Random {
    const copy = new Random(0);
    copy.state = this.state;
    return copy;
  }

  get state(): [number, number, number, number] {
    return [this.a, this.b, this.c, this.d];
  }

  set state(value: readonly number[]) {
    [this.a, this.b, this.c, this.d] = value;
  }
}
