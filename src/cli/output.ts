/** What the command line prints: results on stdout, progress and notices on stderr. */
import { ERRORS } from '../core/error-table/index.ts';
import { shown, shownInLine, shownJson } from '../core/plain-text.ts';
import { DecileError, type ErrorCode } from '../shared/errors.ts';

export interface Output {
  json: boolean;
  quiet: boolean;
}

/** Prints the result: JSON with --json, else the text. */
export function result(output: Output, value: unknown, text: string | (() => string)): void {
  process.stdout.write(
    `${output.json ? shownJson(JSON.stringify(value, null, 2)) : shown(typeof text === 'string' ? text : text())}\n`,
  );
}

export function notice(output: Output, message: string): void {
  if (!output.quiet) process.stderr.write(`${shown(message)}\n`);
}

/** A progress bar on a terminal; elsewhere a line now and then. */
export class Progress {
  readonly #output: Output;
  readonly #what: string;
  readonly #terminal = process.stderr.isTTY === true;
  #lastLine = 0;
  #lastShare = -1;
  #open = false;

  constructor(output: Output, what: string) {
    this.#output = output;
    this.#what = what;
  }

  update(done: number, total: number, detail = ''): void {
    if (this.#output.quiet) return;
    const share = total > 0 ? done / total : 0;
    const now = Date.now();
    if (this.#terminal) {
      // Redrawing more often than the eye sees only costs time.
      if (now - this.#lastLine < 80 && done < total) return;
      this.#lastLine = now;
      const width = 24;
      const filled = Math.round(share * width);
      const line = `${this.#what} [${'='.repeat(filled)}${' '.repeat(width - filled)}] ${done}/${total} ${shownInLine(detail)}`;
      process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
      this.#open = true;
      return;
    }
    // A log file gets the first line, then one for each twentieth or each half minute, and the last.
    const due =
      this.#lastShare < 0 ||
      done >= total ||
      (share - this.#lastShare >= 0.05 && now - this.#lastLine > 1000) ||
      now - this.#lastLine > 30_000;
    if (!due || share === this.#lastShare) return;
    this.#lastLine = now;
    this.#lastShare = share;
    process.stderr.write(`${this.#what} ${done}/${total}${detail ? ` ${shownInLine(detail)}` : ''}\n`);
  }

  /** Writes a line between two states of the bar. */
  say(message: string): void {
    this.end();
    notice(this.#output, message);
  }

  end(): void {
    if (this.#open) process.stderr.write('\r\x1b[K');
    this.#open = false;
  }
}

/** Columns aligned by the widest cell; numbers to the right, with `digits` decimals where one of a column has any. */
export function table(header: string[], rows: (string | number | null)[][], digits = 2): string {
  const whole = header.map((_, column) =>
    rows.every((row) => typeof row[column] !== 'number' || Number.isInteger(row[column])),
  );
  const text = (value: string | number | null, column: number) =>
    value === null ? '-' : typeof value === 'string' ? shownInLine(value) : value.toFixed(whole[column] ? 0 : digits);
  const lines = [header.map(shownInLine), ...rows.map((row) => row.map(text))];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => [...line[column]].length)));
  const right = header.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const pad = (cell: string, column: number) =>
    right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** Exit codes (docs/reference/cli.md). */
export const EXIT = { ok: 0, failed: 1, usage: 2, setup: 3, partly: 4, interrupted: 130 } as const;

/** Stops a command with an exit code after it printed its result. */
export class Exit extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

/** What --json prints in the place of a result. */
export const errorAsJson = (code: ErrorCode, message: string, cure: string): string =>
  `${shownJson(JSON.stringify({ error: { code, message, cure } }, null, 2))}\n`;

/** Prints an error and gives its exit code. */
export function reportError(error: unknown, output: Output): number {
  if (error instanceof Exit) return error.status;
  if (error instanceof DecileError) {
    if (output.json) process.stdout.write(errorAsJson(error.code, error.message, error.cure));
    process.stderr.write(shown(`error ${error.code}: ${error.message}${error.cure ? `\n  ${error.cure}` : ''}\n`));
    return EXIT[ERRORS[error.code].exit ?? 'failed'];
  }
  const fault = error instanceof Error ? error : new Error(String(error));
  if (output.json)
    process.stdout.write(errorAsJson('internal/fault', fault.message, 'Report it with the text on stderr.'));
  process.stderr.write(
    `error internal/fault: ${shown(fault.stack ?? fault.message)}\n  This is a fault of Decile: please report it with this text.\n`,
  );
  return EXIT.failed;
}
