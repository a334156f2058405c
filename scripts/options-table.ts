/** `node scripts/options-table.ts`: writes the option table of docs/reference/cli.md from src/core/options.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { OPTIONS } from '../src/core/options.ts';
import { describeRule } from '../src/core/parse-option.ts';

const page = new URL('../docs/reference/cli.md', import.meta.url);
const rows = OPTIONS.map(
  (o) =>
    `| \`--${o.flag}\` | ${String(o.default)} | ${describeRule(o.rule)}${o.unit ? `, ${o.unit}` : ''} | ${o.help} |`,
);
const table = ['| flag | default | allowed | meaning |', '|---|---|---|---|', ...rows].join('\n');
writeFileSync(page, readFileSync(page, 'utf8').replace(/\| flag \| default \| allowed[\s\S]*?(?=\n\n)/, table));
