/** `node scripts/errors-page.ts`: writes docs/reference/errors.md from src/core/error-table. */
import { writeFileSync } from 'node:fs';
import { ERROR_SECTIONS, type ErrorRow } from '../src/core/error-table/index.ts';

const EXIT = { usage: 2, setup: 3 };

/** The page, as it must be in docs/reference. */
export function errorsPage(): string {
  const sections = Object.entries<Record<string, ErrorRow>>(ERROR_SECTIONS).map(
    ([title, rows]) => `## ${title}

| code | when | message | what to do |
|---|---|---|---|
${Object.entries(rows).map(pageRow).join('\n')}
`,
  );
  return `# Errors

Every error that a user can see has a code, a message and a cure. The message says \`<what> must be <expected>, got <value>.\`; below, \`<...>\` stands for what differs from one time to the next, and the cure of a single case may say more than this page. The command line prints \`error CODE: MESSAGE\` and the cure on stderr (and as JSON with \`--json\`), and ends with exit code 1 where the row names no other; the window shows the same three.

The table is \`src/core/error-table\`: a code that is not in it does not compile, and \`node scripts/errors-page.ts\` writes this page. \`npm test -- errors-page\` compares both with every message in the source.

${sections.join('\n')}`;
}

function pageRow([code, { when, message, cure, exit }]: [string, ErrorRow]): string {
  const ending = exit ? ` (exit code ${EXIT[exit]})` : '';
  const quote = message.includes('`') ? '``' : '`';
  return `| \`${code}\` | ${when}${ending} | ${quote}${message}${quote} | ${cure} |`;
}

if (import.meta.main) writeFileSync(new URL('../docs/reference/errors.md', import.meta.url), errorsPage());
