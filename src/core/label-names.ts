/** When two names of labels are one: what a screen shows alike. Dashes and underscores in place of spaces are seen, and tell names apart. */

/** Cyrillic and Greek letters, and the Latin ones that they look like. */
const table = (theirs: string, latin: string): ReadonlyMap<string, string> =>
  new Map([...theirs].map((letter, n) => [letter, latin[n]]));
const CAPITALS = table('АВСЕНІЈКМОРЅТХУҺԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABCEHIJKMOPSTXYHQWABEZHIKMNOPTYX');
const SMALL = table('асеһіјорѕхуԁԛԝαικνορυ', 'acehijopsxydqwaikvopu');

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu;
const DASHES = /[\p{Pd}\u2212]/gu;

/** Without what is not seen: form, width, spaces beyond one, signs without a picture. */
const visible = (name: string): string =>
  name.normalize('NFKC').replace(/\s+/g, ' ').replace(INVISIBLE, '').replace(DASHES, '-').replace(/ +/g, ' ').trim();

const seenAs = (text: string, letters: ReadonlyMap<string, string>): string =>
  [...text].map((letter) => letters.get(letter) ?? letter).join('');

/** In capitals, and in small letters: some letters look alike in one of them alone. */
function looks(name: string): [string, string] {
  const capitals = visible(name).toUpperCase();
  return [seenAs(capitals, CAPITALS), seenAs(capitals.toLowerCase(), SMALL)];
}

/** Whether the name has nothing that is seen. */
export const isBlank = (name: string): boolean => visible(name) === '';

/** Whether two names cannot be told apart on a screen, or differ in upper and lower case alone. */
export function alike(a: string, b: string): boolean {
  const [one, other] = [looks(a), looks(b)];
  return one[0] === other[0] || one[1] === other[1];
}

/** The label of that name, to the letter before the only one that looks like it; undefined for none. */
export function labelNamed<T extends { readonly name: string }>(labels: readonly T[], name: string): T | undefined {
  const exact = labels.find((label) => label.name === name);
  if (exact) return exact;
  const similar = labels.filter((label) => alike(label.name, name));
  return similar.length === 1 ? similar[0] : undefined;
}
