import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { errorsPage } from '../../scripts/errors-page.ts';
import { ERROR_SECTIONS, ERRORS } from '../../src/core/error-table/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const table = new Map(Object.entries(ERRORS));

interface Use {
  code: string;
  /** Text of the message; what is put in at run time is `\0`. Undefined where it is not written beside the code. */
  message: string | undefined;
  place: string;
}

/** Every quoted code of the table in the source but the table itself, with the message that stands beside it. */
const uses = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name) && !entry.parentPath.endsWith('error-table'))
  .flatMap((entry) => usesIn(join(entry.parentPath, entry.name)));

function usesIn(path: string): Use[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Use[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && table.has(node.text)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const message = messageBeside(node);
      found.push({
        code: node.text,
        message: message && written(message),
        place: `${relative(root, path)}:${line}`,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The message of `f(code, message, cure)`, `[code, message, cure]` or `{ code, message, cure }`. */
function messageBeside(code: ts.Expression): ts.Expression | undefined {
  const { parent } = code;
  if (ts.isPropertyAssignment(parent) && parent.name.getText() === 'code') {
    const fields = parent.parent.properties.filter(ts.isPropertyAssignment);
    return fields.find((field) => field.name.getText() === 'message')?.initializer;
  }
  const list = ts.isArrayLiteralExpression(parent)
    ? parent.elements
    : ts.isNewExpression(parent) || ts.isCallExpression(parent)
      ? parent.arguments
      : undefined;
  const next = list?.[list.indexOf(code) + 1];
  return next && ts.isStringLiteralLike(next) && table.has(next.text) ? undefined : next;
}

function written(message: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(message)) return message.text;
  if (ts.isTemplateExpression(message))
    return message.head.text + message.templateSpans.map((span) => `\0${span.literal.text}`).join('');
  if (!ts.isBinaryExpression(message)) return undefined;
  const [left, right] = [written(message.left), written(message.right)];
  return left === undefined || right === undefined ? undefined : left + right;
}

/** A colon after 'got' goes before what another program said. */
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/, got:? /g, ', got:? ');
const pattern = (form: string) =>
  new RegExp(
    `^${form
      .split(/<[^>]+>/)
      .map(escaped)
      .join('[^]*?')}$`,
  );

test('the errors page is the one that the table makes', () => {
  const page = readFileSync(join(root, 'docs', 'reference', 'errors.md'), 'utf8');
  assert.equal(
    page,
    errorsPage(),
    'docs/reference/errors.md must be the written one: run `npx node scripts/errors-page.ts`.',
  );
});

test('every code stands once in the table, in its page and somewhere in the source', () => {
  const listed = Object.values(ERROR_SECTIONS).flatMap((rows) => Object.keys(rows));
  assert.ok(listed.length > 150);
  assert.equal(new Set(listed).size, listed.length);
  const used = new Set(uses.map(({ code }) => code));
  assert.deepEqual(
    listed.filter((code) => !used.has(code)),
    [],
    'These codes are used by nothing.',
  );
});

test('every message in the source has the form that the table states for its code', () => {
  const texts = uses.filter(({ message }) => message !== undefined && message !== '\0');
  assert.ok(texts.length > 250);
  const others = texts
    .filter(({ code, message }) => !pattern(table.get(code)?.message ?? '').test(message ?? ''))
    .map(({ code, message, place }) => `${place} ${code}: ${message?.replaceAll('\0', '<...>')}`);
  assert.deepEqual(others, [], 'Change the form in src/core/error-table, or the message.');
});

test('a form is no free text: nearly all say what must be and what was got', () => {
  const free = [...table].filter(([, { message }]) => !/ must .*\.$/.test(message)).map(([code]) => code);
  assert.deepEqual(free, [
    'usage/invalid',
    'internal/fault',
    'trainer/failed',
    'window/unforeseen',
    'study/job-failed',
  ]);
});
