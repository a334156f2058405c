/** Identifiers and how they are looked for in text: names by word, numbers and UIDs whole, everything else as it is. */

/** Words that stand in names and name nobody, and particles of names that are words of some language. */
const NOBODY = new Set(
  'anon anonymous anonymised anonymized none null unknown patient test phantom operator mrs miss frau herr prof med van von der den del bin ibn'.split(
    ' ',
  ),
);

const LETTERS = /\p{L}+/gu;
/** "JaneDoe" is two names. */
const CAMEL = /\p{Lu}\p{Ll}+/gu;
const DIGITS = /\d+/g;
const UIDS = /\d+(?:\.\d+)+/g;

const folded = (text: string) => text.normalize('NFC').toLowerCase();

/** The parts of a person's name that are looked for: three letters or more. */
export const nameParts = (name: string): string[] =>
  name
    .split(/[\^=\\ ,.'’-]+/)
    .map((part) => part.trim())
    .filter((part) => part.length >= 3 && !NOBODY.has(folded(part)));

export interface Needles {
  /** The identifiers that `text` holds, as they were given. */
  in(text: string): string[];
}

/** Prepares a search for identifiers; capitals do not matter. */
export function needlesFor(identifiers: Iterable<string>): Needles {
  const [words, numbers, uids, phrases] = [0, 1, 2, 3].map(() => new Map<string, string>());
  for (const identifier of identifiers) {
    const key = folded(identifier.trim());
    if (NOBODY.has(key)) continue;
    if (/^\p{L}+$/u.test(key)) words.set(key, identifier);
    else if (/^\d+$/.test(key)) numbers.set(key, identifier);
    else if (/^\d+(\.\d+)+$/.test(key)) uids.set(key, identifier);
    else phrases.set(key, identifier);
  }
  return {
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
        look(whole.match(LETTERS) ?? [], words);
        look((text.match(CAMEL) ?? []).map(folded), words);
      }
      if (uids.size > 0) look(whole.match(UIDS) ?? [], uids);
      // Digits within a UID are no patient's number.
      if (numbers.size > 0) look(whole.replace(UIDS, ' ').match(DIGITS) ?? [], numbers);
      for (const [phrase, identifier] of phrases) if (whole.includes(phrase)) found.add(identifier);
      return [...found];
    },
  };
}
