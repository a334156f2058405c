/**
 * Identifiers and how they are looked for in text: names by whole words, however capitals and accents are written; names in scripts
 * without spaces anywhere; numbers and UIDs whole; everything else as it is.
 */

/** Words that stand in names and name nobody, and particles of names that are words of some language. */
const NOBODY = new Set(
  'anon anonymous anonymised anonymized none null unknown patient test phantom operator mrs miss frau herr prof med van von der den del bin ibn dr mr ms jr sr'.split(
    ' ',
  ),
);
/** Names of two letters that are words, too: they count beside another part of the name alone. */
const ORDINARY = new Set(
  'am an as at be by do go he ho if in is it me my no of on or so to up us we id ct mr pt nm ap pa ml mm cm kg ok ii iv'.split(
    ' ',
  ),
);

const WORDS = /[\p{L}\p{M}\p{N}]+/gu;
const LETTERS = /[\p{L}\p{M}]+/gu;
/** "JaneDoe" is two names. */
const CAMEL = /\p{Lu}\p{Ll}+/gu;
const DIGITS = /\d+/g;
const UIDS = /\d+(?:\.\d+)+/g;
/** Scripts whose words stand side by side without a space. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}ー々・]+$/u;
const HAS_UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
/** Letters in a row that chance does not bring into voxels. */
const LONG = /[A-Za-z]{7,}/g;
const LONGEST_SHORT = 2;
/** Digits of a number that stands for somebody, whatever divides them. */
const LONG_NUMBER = 6;
/** A decimal number, in DICOM and elsewhere. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?$/i;

const folded = (text: string) => (/[^\0-\x7f]/.test(text) ? text.normalize('NFKC') : text).toLowerCase();
const plain = (word: string) => word.normalize('NFD').replace(/\p{M}/gu, '').replace(/ß/g, 'ss').replace(/ø/g, 'o');
/** As passports write it. */
const spelled = (word: string) =>
  word.normalize('NFC').replace(/[äöüßæøå]/g, (c) => SPELLED[c]).normalize('NFD').replace(/\p{M}/gu, ''); // biome-ignore format: one chain
const SPELLED: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', æ: 'ae', ø: 'oe', å: 'aa' };

/**
 * The parts of a person's name that are looked for: two letters or more, of Chinese, Japanese and Korean names each character;
 * and names of short parts together as one word, too.
 */
export function nameParts(name: string): string[] {
  const groups = name.split(/[=\\]+/).map((group) =>
    group
      .replace(ESCAPES, '')
      .split(/[\^ ,.;/_()'’　-]+/)
      .map((part) => part.trim())
      .filter((part) => part !== '' && !NOBODY.has(folded(part))),
  );
  const parts = groups.flatMap((group) => {
    const kept = group.filter((part) => part.length >= LONGEST_SHORT || UNSPACED.test(part));
    const short = kept.length > 1 && kept.every((part) => part.length <= LONGEST_SHORT || UNSPACED.test(part));
    return short ? [...kept, kept.slice(0, 2).join(''), kept.slice(0, 2).reverse().join('')] : kept;
  });
  return [...new Set(parts)];
}

/** Switches of ISO 2022, which stand before names in Japanese, Korean and Chinese. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
export const ESCAPES = /\x1b[$()\-./]{1,2}[0-9A-Z]/g;

export interface Needles {
  readonly size: number;
  /** Whether names in scripts beyond the Latin one are among them: then more encodings have to be tried. */
  readonly foreign: boolean;
  /** The identifiers that `text` holds, as they were given. */
  in(text: string): string[];
  /** Those that a number is: one of `digits` digits or more. */
  inNumber(value: string, digits: number): string[];
  /** Those that stand among bytes where letters turn up by chance: words of seven letters or more. */
  inVoxels(latin: string): string[];
}

/** Prepares a search for identifiers; capitals and accents do not matter. */
export function needlesFor(identifiers: Iterable<string>): Needles {
  const [words, short, unspaced, numbers, uids, phrases] = [0, 1, 2, 3, 4, 5].map(() => new Map<string, string>());
  let size = 0;
  for (const identifier of identifiers) {
    const key = folded(identifier.trim());
    if (key === '' || NOBODY.has(key)) continue;
    size++;
    if (UNSPACED.test(key)) unspaced.set(key, identifier);
    else if (/^[\p{L}\p{M}]+$/u.test(key)) {
      const among = key.length <= LONGEST_SHORT ? short : words;
      for (const variant of [key, plain(key), spelled(key)]) among.set(variant, identifier);
    } else if (/^\d+$/.test(key)) numbers.set(key, identifier);
    else if (/^\d+(\.\d+)+$/.test(key)) uids.set(key, identifier);
    else {
      phrases.set(key, identifier);
      // "88-42-197" and "17/11/1953" stand in numbers without what divides them.
      for (const digits of [...(key.match(/\d{6,}/g) ?? []), key.replace(/\D/g, '')])
        if (digits.length >= LONG_NUMBER) numbers.set(digits, identifier);
    }
  }
  const isName = (word: string | undefined) =>
    word !== undefined && (words.has(folded(word)) || short.has(folded(word)) || words.has(plain(folded(word))));
  return {
    size,
    foreign: [...words.keys(), ...short.keys(), ...unspaced.keys(), ...phrases.keys()].some((w) =>
      /[^\0-\x7f]/.test(w),
    ),
    in(text) {
      const whole = folded(text);
      const found = new Set<string>();
      const look = (tokens: Iterable<string>, among: ReadonlyMap<string, string>) => {
        for (const token of tokens) {
          const identifier = among.get(token);
          if (identifier !== undefined) found.add(identifier);
        }
      };
      if (words.size > 0) {
        const tokens = whole.match(LETTERS) ?? [];
        look(tokens, words);
        if (/[^\0-\x7f]/.test(whole)) look(tokens.map(plain), words);
        look((text.match(CAMEL) ?? []).map(folded), words);
      }
      if (short.size > 0) {
        const tokens = text.match(WORDS) ?? [];
        for (const [n, token] of tokens.entries()) {
          const identifier = token.length <= LONGEST_SHORT ? short.get(folded(token)) : undefined;
          if (identifier === undefined) continue;
          const capital = /^\p{Lu}|^\p{Lo}/u.test(token) && !ORDINARY.has(folded(token));
          if (capital || isName(tokens[n - 1]) || isName(tokens[n + 1])) found.add(identifier);
        }
      }
      if (unspaced.size > 0 && HAS_UNSPACED.test(whole)) {
        const runs = new Set(whole.match(LETTERS) ?? []);
        for (const [key, identifier] of unspaced)
          if (key.length > 1 ? whole.includes(key) : runs.has(key)) found.add(identifier);
      }
      if (uids.size > 0) look(whole.match(UIDS) ?? [], uids);
      // Digits within a UID are no patient's number.
      if (numbers.size > 0) look(whole.replace(UIDS, ' ').match(DIGITS) ?? [], numbers);
      for (const [phrase, identifier] of phrases) if (whole.includes(phrase)) found.add(identifier);
      return [...found];
    },
    inNumber(value, digits) {
      const stated = value.trim();
      if (!DECIMAL.test(stated)) return [];
      // As it stands, for numbers that begin with 0, and by its value: -8842197 and 8.842197E6 say the same.
      const bare = stated.replace(/^[+-]/, '').replace(/\.0*$/, '');
      const keys = [bare, bare.replace(/^0+/, ''), String(Math.abs(Number(stated)))];
      const found = keys.flatMap((key) => (/^\d+$/.test(key) && key.length >= digits ? (numbers.get(key) ?? []) : []));
      return [...new Set(found)];
    },
    inVoxels(latin) {
      const found = new Set<string>();
      for (const token of latin.match(LONG) ?? []) {
        const identifier = words.get(token.toLowerCase());
        if (identifier !== undefined) found.add(identifier);
      }
      return [...found];
    },
  };
}
