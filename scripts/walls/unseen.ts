/**
 * `node scripts/walls/unseen.ts`: the breaks of scripts/walls/rooms.ts that dependency-cruiser cannot see. It reads Svelte
 * files as compiled, without their types; it does not know workers (`new URL(file, import.meta.url)`), `createRequire`,
 * names that are computed, types of the platform by `/// <reference lib>`, SQL, and files in no room.
 */
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix, sep } from 'node:path';
import { parse } from 'svelte/compiler';
import ts from 'typescript';
import { ROOMS, type Room, roomOf } from './rooms.ts';

const SQL =
  /^\s*(SELECT\s[\s\S]*\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE\s[\s\S]*\sSET\s|DELETE\s+FROM\s|WITH\s[\s\S]*\sAS\s*\(|(CREATE|DROP|ALTER)\s+(TABLE|INDEX|VIEW|TRIGGER|UNIQUE)\b|PRAGMA\s+\w|ATTACH\s+DATABASE\s)/i;
const IMPORT_IN_TEMPLATE = /\bimport\(\s*(['"`])([^'"`$]+)\1\s*\)/g;

/** What is wrong with a file, with its line. */
interface Finding {
  line: number;
  what: string;
}

/** What a file refers to, beside what dependency-cruiser sees. */
interface Seen {
  imports: { line: number; name: string }[];
  findings: Finding[];
}

/** Findings of all files of src/, as `path:line what. what to do`. */
function breaks(): string[] {
  const files = globSync('src/**/*.{ts,mts,cts,js,mjs,cjs,svelte}').map((path) => path.split(sep).join('/'));
  return files.sort().flatMap((path) => {
    const name = roomOf(path);
    if (!name) return [`${path} is in no room. Put it into one, or give its folder a row in scripts/walls/rooms.ts.`];
    const room = ROOMS[name];
    const { imports, findings } = seen(path, room);
    const refused = imports
      .map(({ line, name: imported }) => ({ line, what: refusal(path, room, imported) }))
      .filter((finding): finding is Finding => finding.what !== null);
    return [...findings, ...refused].map(
      ({ line, what }) => `${path}:${line} ${what}. In the words of its row: ${room.instead}`,
    );
  });
}

/** Why a room may not import this, else null. */
function refusal(path: string, room: Room, imported: string): string | null {
  const name = imported.replace(/[?#].*$/, '');
  if (name.startsWith('.')) {
    const target = posix.join(posix.dirname(path), name);
    const other = roomOf(target);
    const allowed = !target.startsWith('src/') || other === roomOf(path) || (other && room.on.includes(other));
    return allowed ? null : `must not import ${target}`;
  }
  if (isBuiltin(name)) return room.node ? null : `must not import Node's ${name}`;
  const [first, second] = name.split('/');
  const npm = first.startsWith('@') ? `${first}/${second}` : first;
  return room.packages.includes(npm) ? null : `must not import the package ${npm}`;
}

function seen(path: string, room: Room): Seen {
  const text = readFileSync(path, 'utf8');
  if (!path.endsWith('.svelte')) return readScript(path, text, room, false);
  const { instance, module } = parse(text, { modern: true });
  let template = text;
  const all: Seen = { imports: [], findings: [] };
  for (const script of [module, instance]) {
    if (!script) continue;
    const { start, end } = script.content as unknown as { start: number; end: number };
    // Blanks in the place of what is before it, so that lines stay as they are.
    const read = readScript(path, blank(text.slice(0, start)) + text.slice(start, end), room, true);
    all.imports.push(...read.imports);
    all.findings.push(...read.findings);
    template = template.slice(0, start) + blank(template.slice(start, end)) + template.slice(end);
  }
  for (const { index, 2: name } of template.matchAll(IMPORT_IN_TEMPLATE))
    all.imports.push({ name, line: text.slice(0, index).split('\n').length });
  return all;
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** @param whole whether plain imports are wanted too, because dependency-cruiser does not see them all */
function readScript(path: string, text: string, room: Room, whole: boolean): Seen {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const imports: Seen['imports'] = [];
  const findings: Finding[] = [];
  const requires = new Set(['require']);
  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const note = (node: ts.Node, name: string) => imports.push({ line: lineOf(node), name });
  const load = (node: ts.CallExpression) => {
    const [first] = node.arguments;
    if (first && ts.isStringLiteralLike(first)) note(node, first.text);
    else if (!room.computed) findings.push({ line: lineOf(node), what: 'must name what it imports' });
  };
  const address = (node: ts.NewExpression) => {
    const [file, base] = node.arguments ?? [];
    if (file && ts.isStringLiteralLike(file) && isModuleAddress(base))
      note(node, file.text.replace(/^(?!\.|\w+:)/, './'));
  };

  const visit = (node: ts.Node): void => {
    if (
      ts.isVariableDeclaration(node) &&
      node.initializer &&
      isCreateRequire(node.initializer) &&
      ts.isIdentifier(node.name)
    )
      requires.add(node.name.text);
    if (ts.isNewExpression(node) && isNamed(node.expression, 'URL')) address(node);
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      const named = expression.kind === ts.SyntaxKind.ImportKeyword;
      if (named && (whole || !ts.isStringLiteralLike(node.arguments[0]))) load(node);
      if (isCreateRequire(expression) || (ts.isIdentifier(expression) && requires.has(expression.text))) load(node);
      if (/^import\.meta\.(resolve|glob)$|\.getBuiltinModule$/.test(expression.getText(source))) load(node);
    }
    if (whole && (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      if (ts.isStringLiteral(node.moduleSpecifier)) note(node, node.moduleSpecifier.text);
    if (whole && ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      if (ts.isStringLiteral(node.argument.literal)) note(node, node.argument.literal.text);
    if (!room.sql && (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) && SQL.test(node.text))
      findings.push({ line: lineOf(node), what: 'must not hold SQL, which is in src/project/store alone' });
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const { pos, fileName } of source.libReferenceDirectives)
    findings.push({
      line: source.getLineAndCharacterOfPosition(pos).line + 1,
      what: `must not ask for the types of ${fileName}, which tsconfig.json decides`,
    });
  return { imports, findings };
}

const isNamed = (node: ts.Node, name: string): boolean => ts.isIdentifier(node) && node.text === name;
const isCreateRequire = (node: ts.Node): boolean =>
  ts.isCallExpression(node) &&
  (isNamed(node.expression, 'createRequire') ||
    (ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'createRequire'));
const isModuleAddress = (node: ts.Node | undefined): boolean =>
  node !== undefined && ts.isPropertyAccessExpression(node) && ts.isMetaProperty(node.expression);

const found = breaks();
for (const line of found) console.error(line);
if (found.length > 0) process.exitCode = 1;
else console.log('No break that dependency-cruiser would miss.');
