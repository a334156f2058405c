/**
 * The long run: `node test/imaging/fuzz/run.ts [--count 20000] [--reader NAME] [--seed 0] [--keep FOLDER]`.
 * Inputs run in a worker thread; this thread watches the clock, so that even a reader that never returns is reported.
 * Prints one line a reader and ends with 1 where there are findings.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type FuzzResult, fuzz, LIMIT_SECONDS } from './fuzz.ts';
import { readers } from './readers.ts';

interface Task {
  reader: string;
  from: number;
  count: number;
  keep?: string;
  /** The input under way, which this thread writes and the watching one reads: a message an input would cost more than many inputs. */
  at: Int32Array;
}

/** Seconds after which even a reader that waits without computing hangs; a busy machine may keep it from its turn. */
const WAIT_SECONDS = 300;

if (isMainThread) await watch();
else await work(workerData as Task);

async function work(task: Task): Promise<void> {
  const reader = (await readers()).find((r) => r.name === task.reader)!;
  const result = await fuzz(reader, task.from, task.count, (seed) => Atomics.store(task.at, 0, seed), task.keep);
  parentPort!.postMessage({ result });
}

async function watch(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '20000' },
      reader: { type: 'string' },
      seed: { type: 'string', default: '0' },
      keep: { type: 'string' },
    },
  });
  const names = (await readers()).map((r) => r.name).filter((n) => !values.reader || n === values.reader);
  let findings = 0;
  for (const name of names) {
    const started = performance.now();
    const result = await supervised({
      reader: name,
      from: Number(values.seed),
      count: Number(values.count),
      keep: values.keep,
    });
    const counts = [...result.outcomes].sort((a, b) => b[1] - a[1]).map(([code, n]) => `${code} ${n}`);
    console.log(
      `${name}: ${result.inputs} inputs in ${((performance.now() - started) / 1000).toFixed(0)} s, slowest ${result.slowestSeconds.toFixed(2)} s (processor: ${result.mostComputed.toFixed(2)} s), largest ${(result.largestBytes / 2 ** 20).toFixed(1)} MiB, ${result.findings.length} findings; ${counts.join(', ')}`,
    );
    for (const f of result.findings) console.log(`  seed ${f.seed}: ${f.what}`);
    findings += result.findings.length;
  }
  console.log(`largest resident memory of the process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  process.exitCode = findings > 0 ? 1 : 0;
}

/** One reader in a worker; one that computes for twice the limit without progress, or waits for long, is a hang. */
function supervised(task: Omit<Task, 'at'>): Promise<FuzzResult> {
  return new Promise((resolve) => {
    const at = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { ...task, at } });
    let seed = -1;
    const clock = () => ({ wall: performance.now() / 1000, cpu: process.cpuUsage() });
    let last = clock();
    const give = (what: string) => {
      clearInterval(timer);
      void worker.terminate();
      resolve({
        inputs: Math.max(0, seed - task.from),
        outcomes: new Map(),
        slowestSeconds: 0,
        mostComputed: 0,
        largestBytes: 0,
        findings: [{ reader: task.reader, seed, what }],
      });
    };
    const timer = setInterval(() => {
      const now = Atomics.load(at, 0);
      if (now !== seed) {
        seed = now;
        last = clock();
      }
      const { user, system } = process.cpuUsage(last.cpu);
      const computed = (user + system) / 1e6;
      const waited = performance.now() / 1000 - last.wall;
      if (seed >= 0 && (computed > 2 * LIMIT_SECONDS || waited > WAIT_SECONDS)) give('does not return');
    }, 500);
    worker.on('message', ({ result }: { result: FuzzResult }) => {
      clearInterval(timer);
      resolve(result);
    });
    worker.on('error', (error) => give(`the thread died: ${error.message}`));
  });
}
