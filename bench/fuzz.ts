/**
 * `npm run bench -- fuzz [--kind checkpoint|journal|database] [--count 20000] [--seed 0] [--json]`: checkpoints, journals and
 * databases with seeded damage, each opened as the program opens it. Whatever is not read must be refused with a code; exit code 1
 * where one was not. Without --kind each has a third of the count. Images have a run of their own: test/imaging/fuzz/run.ts.
 */
import { parseArgs } from 'node:util';
import { fuzz } from '../test/imaging/fuzz/fuzz.ts';
import { KINDS, type Kind, storeReaders } from '../test/store/fuzz/readers.ts';
import { WrongOption } from './wrong-option.ts';

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      kind: { type: 'string' },
      count: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
    },
  });
  const kinds = KINDS.filter((kind) => values.kind === undefined || kind === values.kind);
  if (kinds.length === 0) throw new WrongOption(`--kind must be one of ${KINDS.join(', ')}, got ${values.kind}.`);
  const count = Math.ceil(Number(values.count) / kinds.length);
  const { readers, dispose } = await storeReaders();
  try {
    for (const kind of kinds) await one(kind, Number(values.seed), count, readers, values.json);
  } finally {
    dispose();
  }
}

async function one(
  kind: Kind,
  seed: number,
  count: number,
  readers: Awaited<ReturnType<typeof storeReaders>>['readers'],
  json: boolean,
): Promise<void> {
  const { outcomes, findings, slowestSeconds } = await fuzz(readers[kind], seed, count);
  const found = Object.fromEntries([...outcomes].sort((a, b) => b[1] - a[1]));
  if (json)
    console.log(
      JSON.stringify({
        kind,
        inputs: count,
        seed,
        outcomes: found,
        slowestSeconds,
        uncoded: findings.length,
        findings,
      }),
    );
  else {
    console.log(
      `${kind}: ${count} inputs, ${findings.length} findings; ${Object.entries(found)
        .map(([code, n]) => `${code} ${n}`)
        .join(', ')}`,
    );
    for (const { seed: at, what } of findings) console.log(`  seed ${at}: ${what}`);
  }
  if (findings.length > 0) process.exitCode = 1;
}
