/** Small faults of the kind that a slip of the hand makes: each changes one place on one line of a source text. */
import ts from 'typescript';

export interface Mutation {
  /** From 1. */
  line: number;
  /** What stands in the text now, and what would stand there. */
  before: string;
  after: string;
  start: number;
  end: number;
}

/** Operators that are easily taken for one another. */
const OTHER_OPERATORS: Record<string, readonly string[]> = {
  '<': ['<=', '>'],
  '<=': ['<'],
  '>': ['>=', '<'],
  '>=': ['>'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '<<': ['>>'],
  '>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-=', '='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
};

const OTHER_CALLS: Record<string, readonly string[]> = {
  'Math.floor': ['Math.round', 'Math.ceil'],
  'Math.ceil': ['Math.round', 'Math.floor'],
  'Math.round': ['Math.floor', 'Math.ceil'],
  'Math.trunc': ['Math.round'],
  'Math.max': ['Math.min'],
  'Math.min': ['Math.max'],
};

const OTHER_METHODS: Record<string, string> = {
  every: 'some',
  some: 'every',
  startsWith: 'includes',
  endsWith: 'includes',
  maximum: 'minimum',
  minimum: 'maximum',
  greater: 'greaterEqual',
  greaterEqual: 'greater',
};

/** Functions of one argument whose loss leaves something of the same type. */
const WRAPPERS = /^(Math\.(abs|floor|ceil|round|trunc|sqrt|log|exp)|tf\.(abs|sqrt|relu))$/;

/** Every single-line mutation of the text, in its order. Messages, types and imports are left alone. */
export function mutationsOf(path: string, text: string): Mutation[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const mutations: Mutation[] = [];
  const replace = (node: ts.Node | { start: number; end: number }, after: string): void => {
    const [start, end] = 'kind' in node ? [node.getStart(source), node.getEnd()] : [node.start, node.end];
    const before = text.slice(start, end);
    if (before.includes('\n') || before === after) return;
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    mutations.push({ line, before, after, start, end });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isTypeAliasDeclaration(node) || ts.isThrowStatement(node)) return;
    for (const after of replacements(node, source)) replace(node, after);
    if (ts.isBinaryExpression(node)) {
      for (const other of OTHER_OPERATORS[node.operatorToken.getText(source)] ?? []) replace(node.operatorToken, other);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutations.sort((a, b) => a.start - b.start || a.after.localeCompare(b.after));
}

/** What could stand in the place of the whole node. */
function replacements(node: ts.Node, source: ts.SourceFile): string[] {
  const text = (part: ts.Node) => part.getText(source);
  if (ts.isNumericLiteral(node)) return otherNumbers(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return ['false'];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return ['true'];
  if (ts.isPrefixUnaryExpression(node)) {
    const dropped = node.operator === ts.SyntaxKind.ExclamationToken || node.operator === ts.SyntaxKind.MinusToken;
    return dropped ? [text(node.operand)] : [];
  }
  if (ts.isBinaryExpression(node)) {
    const operator = text(node.operatorToken);
    return operator === '&&' || operator === '||' || operator === '??' ? [text(node.left), text(node.right)] : [];
  }
  if (ts.isConditionalExpression(node)) return [`(${text(node.whenTrue)})`, `(${text(node.whenFalse)})`];
  if (ts.isCallExpression(node)) return otherCalls(node, text);
  if (ts.isIfStatement(node) && !node.elseStatement && !isBlockOfMany(node.thenStatement)) return [';'];
  if (ts.isExpression(node) && ts.isIfStatement(node.parent) && node.parent.expression === node)
    return [`!(${text(node)})`, 'false'];
  if (ts.isExpressionStatement(node)) return [';'];
  if (ts.isArrayLiteralExpression(node) && node.elements.length > 1) {
    const [first, second, ...rest] = node.elements.map(text);
    return first === second ? [] : [`[${[second, first, ...rest].join(', ')}]`];
  }
  return [];
}

const isBlockOfMany = (statement: ts.Statement): boolean => ts.isBlock(statement) && statement.statements.length > 1;

/** One more, and one less or the half: limits, indices and factors. */
function otherNumbers(literal: string): string[] {
  const value = Number(literal);
  if (!Number.isFinite(value)) return [];
  if (!Number.isInteger(value)) return [String(value * 2), String(value / 2)];
  return value > 1 ? [String(value + 1), String(value - 1)] : [String(1 - value)];
}

function otherCalls(node: ts.CallExpression, text: (part: ts.Node) => string): string[] {
  const name = text(node.expression);
  const given = node.arguments.map(text);
  const others = (OTHER_CALLS[name] ?? []).map((other) => `${other}(${given.join(', ')})`);
  if (/^(Math|tf)\.(max|min|maximum|minimum)$/.test(name) && given.length === 2 && !given[0].startsWith('...'))
    others.push(...given);
  if (WRAPPERS.test(name) && given.length === 1) others.push(given[0]);
  if (
    given.length >= 2 &&
    !name.startsWith('Math.') &&
    given[0] !== given[1] &&
    plain(node.arguments[0], node.arguments[1])
  )
    others.push(`${name}(${[given[1], given[0], ...given.slice(2)].join(', ')})`);
  if (ts.isPropertyAccessExpression(node.expression)) {
    const [of, method] = [text(node.expression.expression), node.expression.name.text];
    if (method in OTHER_METHODS) others.push(`${of}.${OTHER_METHODS[method]}(${given.join(', ')})`);
    if (['filter', 'sort', 'reverse', 'trim', 'toLowerCase', 'slice', 'replace'].includes(method)) others.push(of);
  }
  return others;
}

const plain = (...nodes: ts.Node[]): boolean =>
  nodes.every(
    (node) => ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node),
  );
