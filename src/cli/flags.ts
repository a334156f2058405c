/** Command-line flags made from the option table, so that flags, forms and docs cannot drift apart. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AskedOptions, OPTIONS, type OptionRow } from '../core/options.ts';
import { describeRule, type OptionValue, parseOption } from '../core/parse-option.ts';

/** American and British spellings are one flag: `--unlabelled-batch` is `--unlabeled-batch`. */
export function normaliseSpelling(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((arg, index) => {
    if (!arg.startsWith('--') || (end >= 0 && index >= end)) return arg;
    const [flag, ...value] = arg.split('=');
    return [
      flag
        .replace(/labelled/g, 'labeled')
        .replace(/colour/g, 'color')
        .replace(/normalise/g, 'normalize'),
      ...value,
    ].join('=');
  });
}

/** Adds one flag a row to the command. */
export function addTrainingFlags(command: Command): void {
  for (const option of OPTIONS) {
    const value =
      option.rule.kind === 'patch'
        ? 'X,Y,Z'
        : option.rule.kind === 'spacing'
          ? 'MM|X,Y,Z|native|auto'
          : option.rule.kind === 'choice'
            ? option.rule.values.join('|')
            : option.rule.auto
              ? 'N|auto'
              : 'N';
    const unit = option.unit ? ` [${option.unit}]` : '';
    const flag = new Option(`--${option.flag} <${value}>`, `${option.help}${unit} Default: ${String(option.default)}.`);
    command.addOption(flag.argParser((text: string) => parseFlag(option, text)));
  }
}

/** The options that the user gave, by key; what is left out keeps the table's default. */
export function givenOptions(parsed: Record<string, unknown>): Partial<AskedOptions> {
  const camel = (flag: string) => flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const given = OPTIONS.flatMap((option) => {
    const value = parsed[camel(option.flag)];
    return value === undefined ? [] : [[option.key, value]];
  });
  return Object.fromEntries(given) as Partial<AskedOptions>;
}

/** Text to value, for commander, which names the flag itself. */
function parseFlag(option: OptionRow, text: string): OptionValue {
  try {
    return parseOption(option, text);
  } catch {
    throw new InvalidArgumentError(`It must be ${describeRule(option.rule)}, got ${text}.`);
  }
}

/** A mask value that says that nobody drew there. */
export function ignoreLabel(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 255 || text.trim() === '')
    throw new InvalidArgumentError(`It must be a whole number from 1 to 255, got ${text}.`);
  return value;
}

/** A whole number of at least `least`, for flags outside the table. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || text.trim() === '')
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}, got ${text}.`);
    return value;
  };
