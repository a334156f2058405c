/**
 * Lossy grey JPEG of 8 or 12 bits, sequential and progressive (ITU T.81 processes 1, 2, 4, 6, 8, 10, 12; Huffman).
 * The WebAssembly decoder handles 8 bits only, and 12-bit CT exists.
 */

interface Huffman {
  /** First code, one past the last code, and index of the first value for each code length 1..16. */
  first: Int32Array;
  end: Int32Array;
  index: Int32Array;
  values: Uint8Array;
}

/** Zigzag position to row-major position in an 8 x 8 block. */
const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]; // biome-ignore format: a table

/** Entropy-coded bits; throws where they end, so that no picture is invented. */
class Bits {
  private readonly b: Uint8Array;
  private hold = 0;
  private left = 0;
  at: number;
  constructor(b: Uint8Array, at: number) {
    this.b = b;
    this.at = at;
  }
  bit(): number {
    if (this.left === 0) {
      const byte = this.b[this.at];
      if (byte === undefined) throw new Error('the stream ends inside a scan');
      if (byte === 0xff) {
        const next = this.b[this.at + 1];
        if (next !== 0) throw new Error('a marker stands inside a scan');
        this.at++;
      }
      this.at++;
      this.hold = byte;
      this.left = 8;
    }
    return (this.hold >> --this.left) & 1;
  }
  bits(n: number): number {
    let v = 0;
    for (let k = 0; k < n; k++) v = (v << 1) | this.bit();
    return v;
  }
  /** T.81 F.2.2.1 RECEIVE and EXTEND. */
  signed(n: number): number {
    if (n === 0) return 0;
    const v = this.bits(n);
    return v < 1 << (n - 1) ? v - (1 << n) + 1 : v;
  }
  symbol(table: Huffman | undefined): number {
    if (!table) throw new Error('a Huffman table is missing');
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | this.bit();
      if (code < table.end[length] && code >= table.first[length])
        return table.values[table.index[length] + code - table.first[length]];
    }
    throw new Error('a code is in no Huffman table');
  }
  /** Drops the rest of the byte and steps over a restart marker. */
  restart(): void {
    this.left = 0;
    while (this.b[this.at] === 0xff && this.b[this.at + 1] === 0xff) this.at++;
    const marker = this.b[this.at + 1];
    if (this.b[this.at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw new Error('a restart marker is missing');
    this.at += 2;
  }
}

interface State {
  width: number;
  height: number;
  precision: number;
  progressive: boolean;
  blocksX: number;
  blocksY: number;
  /** 64 coefficients a block in natural order, before dequantisation. */
  coefficients: Int32Array;
  quantTable: number;
}

/** @returns width x height values of 0 .. 2^precision - 1. @throws Error with what is wrong in the stream */
export function decodeJpegDct(b: Uint8Array): {
  width: number;
  height: number;
  precision: number;
  values: Uint16Array;
} {
  const quant: Int32Array[] = [];
  const dc: Huffman[] = [];
  const ac: Huffman[] = [];
  let restartInterval = 0;
  let state: State | undefined;
  let scans = 0;
  const u16 = (at: number) => (b[at] << 8) | b[at + 1];
  for (let at = 2; at + 4 <= b.length; ) {
    if (b[at] !== 0xff) {
      at++;
      continue;
    }
    const marker = b[at + 1];
    if (marker === 0xff || marker === 0 || (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === 0xd9) break;
    const length = u16(at + 2);
    const from = at + 4;
    const to = at + 2 + length;
    if (length < 2 || to > b.length) throw new Error('a segment is longer than the stream');
    if (marker === 0xdb) readQuant(b, from, to, quant);
    else if (marker === 0xc4) readHuffman(b, from, to, dc, ac);
    else if (marker === 0xdd) restartInterval = u16(from);
    else if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
      if (state) throw new Error('there are two frames');
      state = startFrame(b, from, marker === 0xc2);
    } else if (marker >= 0xc3 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      throw new Error(`the coding process 0x${marker.toString(16)} is not supported`);
    } else if (marker === 0xda) {
      if (!state) throw new Error('a scan comes before its frame');
      if (++scans > 1000) throw new Error('there are over 1,000 scans');
      at = decodeScan(b, from, to, state, dc, ac, restartInterval);
      continue;
    }
    at = to;
  }
  if (!state || scans === 0) throw new Error('there is no scan');
  const table = quant[state.quantTable];
  if (!table) throw new Error('a quantisation table is missing');
  return { width: state.width, height: state.height, precision: state.precision, values: render(state, table) };
}

function readQuant(b: Uint8Array, from: number, to: number, quant: Int32Array[]): void {
  for (let at = from; at < to; ) {
    const wide = b[at] >> 4;
    const id = b[at++] & 15;
    const table = new Int32Array(64);
    for (let k = 0; k < 64; k++) {
      table[ZIGZAG[k]] = wide ? (b[at] << 8) | b[at + 1] : b[at];
      at += wide ? 2 : 1;
    }
    quant[id] = table;
  }
}

function readHuffman(b: Uint8Array, from: number, to: number, dc: Huffman[], ac: Huffman[]): void {
  for (let at = from; at + 17 <= to; ) {
    const tables = b[at] >> 4 ? ac : dc;
    const id = b[at++] & 15;
    const counts = b.subarray(at, at + 16);
    at += 16;
    const total = counts.reduce((s, n) => s + n, 0);
    const table: Huffman = {
      first: new Int32Array(17),
      end: new Int32Array(17),
      index: new Int32Array(17),
      values: b.slice(at, at + total),
    };
    let code = 0;
    let index = 0;
    for (let length = 1; length <= 16; length++) {
      table.first[length] = code;
      table.index[length] = index;
      code += counts[length - 1];
      index += counts[length - 1];
      table.end[length] = code;
      code <<= 1;
    }
    at += total;
    tables[id] = table;
  }
}

function startFrame(b: Uint8Array, from: number, progressive: boolean): State {
  const precision = b[from];
  const height = (b[from + 1] << 8) | b[from + 2];
  const width = (b[from + 3] << 8) | b[from + 4];
  if (precision !== 8 && precision !== 12) throw new Error(`the precision is ${precision} bits`);
  if (b[from + 5] !== 1) throw new Error(`there are ${b[from + 5]} components`);
  if (width === 0 || height === 0) throw new Error(`the size is ${width} x ${height}`);
  const blocksX = Math.ceil(width / 8);
  const blocksY = Math.ceil(height / 8);
  return {
    width,
    height,
    precision,
    progressive,
    blocksX,
    blocksY,
    coefficients: new Int32Array(blocksX * blocksY * 64),
    quantTable: b[from + 8] & 15,
  };
}

/** Decodes one scan into the coefficients; returns where the next marker is searched. */
function decodeScan(
  b: Uint8Array,
  from: number,
  to: number,
  s: State,
  dc: Huffman[],
  ac: Huffman[],
  restartInterval: number,
): number {
  if (b[from] !== 1) throw new Error(`a scan has ${b[from]} components`);
  const dcTable = dc[b[from + 2] >> 4];
  const acTable = ac[b[from + 2] & 15];
  const start = s.progressive ? b[from + 3] : 0;
  const end = s.progressive ? b[from + 4] : 63;
  const high = s.progressive ? b[from + 5] >> 4 : 0;
  const low = s.progressive ? b[from + 5] & 15 : 0;
  if (start > end || end > 63 || low > 13 || (s.progressive && start === 0 && end > 0))
    throw new Error('a scan selects impossible coefficients');
  const bits = new Bits(b, to);
  const c = s.coefficients;
  let predictor = 0;
  let endOfBand = 0;
  const blocks = s.blocksX * s.blocksY;
  for (let n = 0; n < blocks; n++) {
    if (restartInterval > 0 && n > 0 && n % restartInterval === 0) {
      bits.restart();
      predictor = 0;
      endOfBand = 0;
    }
    const at = n * 64;
    if (!s.progressive) {
      predictor += bits.signed(Math.min(bits.symbol(dcTable), 16));
      c[at] = predictor;
      for (let k = 1; k < 64; ) {
        const rs = bits.symbol(acTable);
        const size = rs & 15;
        if (size === 0) {
          if (rs !== 0xf0) break;
          k += 16;
          continue;
        }
        k += rs >> 4;
        if (k > 63) throw new Error('a run leaves its block');
        c[at + ZIGZAG[k++]] = bits.signed(size);
      }
    } else if (start === 0) {
      if (high === 0) {
        predictor += bits.signed(Math.min(bits.symbol(dcTable), 16));
        c[at] = predictor * (1 << low);
      } else if (bits.bit()) c[at] |= 1 << low;
    } else if (high === 0) endOfBand = acFirst(bits, acTable, c, at, start, end, low, endOfBand);
    else endOfBand = acRefine(bits, acTable, c, at, start, end, low, endOfBand);
  }
  return bits.at;
}

/** T.81 G.1.2.2: first pass over a band of AC coefficients. Returns the end-of-band run that is left. */
function acFirst(
  bits: Bits,
  table: Huffman,
  c: Int32Array,
  at: number,
  start: number,
  end: number,
  low: number,
  run: number,
): number {
  if (run > 0) return run - 1;
  for (let k = start; k <= end; ) {
    const rs = bits.symbol(table);
    const r = rs >> 4;
    const size = rs & 15;
    if (size === 0) {
      if (r < 15) return (1 << r) - 1 + bits.bits(r);
      k += 16;
      continue;
    }
    k += r;
    if (k > 63) throw new Error('a run leaves its block');
    c[at + ZIGZAG[k++]] = bits.signed(size) * (1 << low);
  }
  return 0;
}

/** T.81 G.1.2.3: one more bit for known coefficients, and new ones of size 1. */
function acRefine(
  bits: Bits,
  table: Huffman,
  c: Int32Array,
  at: number,
  start: number,
  end: number,
  low: number,
  run: number,
): number {
  const plus = 1 << low;
  const correct = (p: number) => {
    if (bits.bit() && (Math.abs(c[p]) & plus) === 0) c[p] += c[p] > 0 ? plus : -plus;
  };
  let k = start;
  let left = run;
  if (left === 0) {
    for (; k <= end; k++) {
      const rs = bits.symbol(table);
      let r = rs >> 4;
      let value = 0;
      if ((rs & 15) === 0) {
        if (r < 15) {
          left = (1 << r) + bits.bits(r);
          break;
        }
      } else value = bits.bit() ? plus : -plus;
      // Known coefficients on the way are corrected; r zeros are skipped.
      for (; k <= end; k++) {
        const p = at + ZIGZAG[k];
        if (c[p] !== 0) correct(p);
        else if (r-- === 0) {
          if (value !== 0) c[p] = value;
          break;
        }
      }
    }
  }
  if (left > 0) {
    for (; k <= end; k++) {
      const p = at + ZIGZAG[k];
      if (c[p] !== 0) correct(p);
    }
    left--;
  }
  return left;
}

/** basis[8 * x + u] = c(u) / 2 * cos((2x + 1) u pi / 16). */
const BASIS = Float64Array.from({ length: 64 }, (_, n) => {
  const x = n >> 3;
  const u = n & 7;
  return ((u === 0 ? Math.SQRT1_2 : 1) / 2) * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** Dequantises, inverse cosine transform in double precision, level shift, clamp. */
function render(s: State, quant: Int32Array): Uint16Array {
  const { width, height, blocksX, blocksY, coefficients: c } = s;
  const out = new Uint16Array(width * height);
  const top = 2 ** s.precision - 1;
  const shift = 2 ** (s.precision - 1);
  const rows = new Float64Array(64);
  for (let by = 0; by < blocksY; by++) {
    for (let bx = 0; bx < blocksX; bx++) {
      const at = (by * blocksX + bx) * 64;
      for (let v = 0; v < 8; v++) {
        for (let x = 0; x < 8; x++) {
          let sum = 0;
          for (let u = 0; u < 8; u++) sum += c[at + 8 * v + u] * quant[8 * v + u] * BASIS[8 * x + u];
          rows[8 * v + x] = sum;
        }
      }
      const yEnd = Math.min(8, height - 8 * by);
      const xEnd = Math.min(8, width - 8 * bx);
      for (let y = 0; y < yEnd; y++) {
        for (let x = 0; x < xEnd; x++) {
          let sum = 0;
          for (let v = 0; v < 8; v++) sum += rows[8 * v + x] * BASIS[8 * y + v];
          out[(8 * by + y) * width + 8 * bx + x] = Math.min(top, Math.max(0, Math.round(sum + shift)));
        }
      }
    }
  }
  return out;
}
