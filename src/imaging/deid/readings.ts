/** Bytes as the texts that they may be: every encoding in which programs and hospitals write. */
import { ESCAPES } from './needles.ts';

/** Bytes of one search: more than a string can hold would be an error. */
const PIECE = 2 ** 24;
/** Pieces overlap, so that nothing is cut in two. */
const OVERLAP = 1024;

/** Of names beyond Latin letters: Chinese, Japanese, Korean, Cyrillic, Greek, Arabic, Hebrew, Thai, and Latin of the East and South. */
const FOREIGN =
  'gb18030 big5 shift_jis euc-jp iso-2022-jp euc-kr iso-8859-5 koi8-r windows-1251 iso-8859-7 iso-8859-6 windows-1256 iso-8859-8 windows-874 iso-8859-2 windows-1250 iso-8859-3 iso-8859-4 iso-8859-9'.split(
    ' ',
  );

export function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE - OVERLAP) {
    yield bytes.subarray(at, at + PIECE);
    if (at + PIECE >= bytes.length) return;
  }
}

/**
 * Bytes as text of each encoding that they may have.
 * @param foreign names beyond Latin letters are looked for: the encodings of their scripts are tried as well
 */
export function* readings(bytes: Buffer, foreign: boolean): Generator<string> {
  for (const piece of pieces(bytes)) {
    const latin = piece.toString('latin1');
    yield latin;
    const high = /[\x80-\xff]/.test(latin);
    if (high) yield piece.toString('utf8');
    if (foreign && (high || latin.includes('\x1b')))
      for (const encoding of FOREIGN) yield new TextDecoder(encoding).decode(piece).replace(ESCAPES, ' ');
    if (foreign ? piece.length < 2 : !latin.includes('\0')) continue;
    const even = piece.subarray(0, piece.length & ~1);
    const odd = piece.subarray(1, 1 + ((piece.length - 1) & ~1));
    for (const part of [even, odd]) {
      yield part.toString('utf16le');
      yield Buffer.from(part).swap16().toString('utf16le');
    }
  }
}
