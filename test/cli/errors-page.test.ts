import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Media types have the same form as codes. */
const MEDIA = new Set(['application', 'image', 'text']);

/** Every quoted 'area/name' in the source. */
function codesInSource(): Set<string> {
  const codes = new Set<string>();
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|svelte)$/.test(entry.name)) continue;
    const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, area, name] of source.matchAll(/'([a-z]+)\/([a-z-]+)'/g))
      if (!MEDIA.has(area)) codes.add(`${area}/${name}`);
  }
  return codes;
}

test('the errors page lists exactly the codes of the source, each once', () => {
  const rows = [
    ...readFileSync(join(root, 'docs', 'reference', 'errors.md'), 'utf8').matchAll(
      /^\| `([a-z]+\/[a-z-]+)` \| (.+) \| (.+) \|$/gm,
    ),
  ];
  const listed = rows.map(([, code]) => code);
  const known = codesInSource();
  assert.ok(known.size > 50);
  assert.deepEqual(
    {
      notListed: [...known].filter((code) => !listed.includes(code)).sort(),
      notInSource: listed.filter((code) => !known.has(code)).sort(),
    },
    { notListed: [], notInSource: [] },
  );
  assert.equal(new Set(listed).size, listed.length);
});
