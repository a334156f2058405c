/** Which test files judge a source file: those whose imports lead to it by the fewest steps. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Test files that start browsers or whole programs, and trainings that last: a mutant would wait for minutes. */
const SLOW =
  /^test\/(desktop|demo|cli|engine|phantom|docs)\/|webgl|viewer\.test|pictures\.test|trainer-process|step-down-run/;

/** Paths below `root` of the test files that reach `file` in the fewest imports or one more, the nearest first. */
export function testersOf(root: string, file: string): string[] {
  const steps = new Map([[file, 0]]);
  const importers = importersIn(root);
  const queue = [file];
  for (const path of queue)
    for (const importer of importers.get(path) ?? []) {
      if (steps.has(importer)) continue;
      steps.set(importer, (steps.get(path) ?? 0) + 1);
      queue.push(importer);
    }
  const tests = queue.filter((path) => path.endsWith('.test.ts') && !SLOW.test(path));
  const nearest = steps.get(tests[0]) ?? 0;
  return tests.filter((path) => (steps.get(path) ?? 0) <= nearest + 1);
}

/** By file, the files that import it. */
function importersIn(root: string): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const path of globSync('{src,test}/**/*.ts', { cwd: root })) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const imported = relative(root, join(root, dirname(path), name));
      if (existsSync(join(root, imported))) importers.set(imported, [...(importers.get(imported) ?? []), path]);
    }
  }
  return importers;
}
