/** `npm run rooms`: lines of source in each room of src/, largest first. */
import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { roomOf } from './walls/rooms.ts';

const lines = new Map<string, number>();
for (const path of globSync('src/**/*.{ts,svelte}')) {
  const room = roomOf(path.split(sep).join('/')) ?? 'in no room';
  const count = readFileSync(path, 'utf8').split('\n').length - 1;
  lines.set(room, (lines.get(room) ?? 0) + count);
}
const total = [...lines.values()].reduce((sum, count) => sum + count, 0);
const rows = [...lines].sort(([, a], [, b]) => b - a);
for (const [room, count] of [...rows, ['all', total] as const])
  console.log(`${String(count).padStart(6)}  ${String(Math.round((100 * count) / total)).padStart(3)} %  ${room}`);
