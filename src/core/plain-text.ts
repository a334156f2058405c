/** Names and texts of others made safe for where they go: a terminal, a table, LaTeX, a file name. */

/** C0 but tab and line feed, DEL, C1: what a terminal obeys. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
/** Marks, embeddings, overrides and isolates of direction: they show a text in another order than it has. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const LINES = /[\t\n]/g;

const code = (sign: string): string => {
  const value = sign.charCodeAt(0);
  return value < 0x100 ? `\\x${value.toString(16).padStart(2, '0')}` : `\\u${value.toString(16).padStart(4, '0')}`;
};

/** A text as a terminal may get it: control characters and changes of direction shown as their codes; lines and tabs stay. */
export const shown = (text: string): string => text.replace(CONTROLS, code).replace(BIDI, code);

/** The same for a piece of one line. */
export const shownInLine = (text: string): string =>
  shown(text).replace(LINES, (sign) => (sign === '\n' ? '\\n' : '\\t'));

/** JSON as a terminal may get it: the same value, with every sign that acts escaped. */
export const shownJson = (json: string): string => {
  const asEscape = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json.replace(/[\x7f-\x9f]/g, asEscape).replace(BIDI, asEscape);
};

/** A name as it may be written into files of others: without control characters and changes of direction. */
export const plainName = (name: string): string => name.replace(CONTROLS, '').replace(LINES, ' ').replace(BIDI, '');

type Cell = string | number | null;

/** An apostrophe before what a spreadsheet would take for a formula, white space before it or not. */
const guarded = (text: string): string =>
  /^[\s\u200b\ufeff]*[=+\-@＝＋－＠]|^[\t\r\n]/.test(text) ? `'${text}` : text;

const quoted = (value: Cell): string => {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = guarded(value.replace(BIDI, ''));
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * RFC 4180 without formulas.
 * @param end of each line
 */
export const toCsv = (rows: readonly (readonly Cell[])[], end = '\r\n'): string =>
  rows.map((row) => `${row.map(quoted).join(',')}${end}`).join('');

/** Cells between tabs, without formulas; a tab or line end in a cell becomes a space. */
export const toTsv = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map((cell) => (typeof cell === 'string' ? guarded(cell.replace(/\s+/g, ' ').replace(CONTROLS, '').replace(BIDI, '')) : (cell ?? ''))).join('\t')}\n`).join(''); // biome-ignore format: one chain

const LATEX: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
};

/** Text that LaTeX sets as it stands. */
export const escapeLatex = (text: string): string =>
  plainName(text).replace(/[\\^~<>|"%&_#${}]/g, (sign) => LATEX[sign] ?? `\\${sign}`);

/** One row of a Markdown table: no cell ends itself, begins a tag or is a link; asterisks and intervals stay as they are. */
export const markdownRow = (cells: readonly (string | number)[]): string => {
  const text = (cell: string | number) =>
    plainName(String(cell))
      .replace(/[\\|]|(?<=\])\(/g, '\\$&')
      .replaceAll('<', '&lt;');
  return `| ${cells.map(text).join(' | ')} |`;
};
