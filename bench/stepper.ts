/** A child process that does one step for every line "step" (bench/engine-step.ts, bench/pytorch/step.py). */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

type Facts = Record<string, unknown>;

export class Stepper {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly command: string;
  private errors = '';
  readonly seconds: number[] = [];

  constructor(command: string, args: string[], environment: NodeJS.ProcessEnv = process.env) {
    this.command = [command, ...args].join(' ');
    this.child = spawn(command, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-2000);
    });
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  async ready(): Promise<Facts> {
    return this.next();
  }

  async step(): Promise<number> {
    this.child.stdin?.write('step\n');
    const seconds = (await this.next()).seconds as number;
    this.seconds.push(seconds);
    return seconds;
  }

  /** Ends the process; its last words are the peak memory. */
  async end(): Promise<{ bytes: number; baselineBytes: number }> {
    this.child.stdin?.end('quit\n');
    return (await this.next()) as { bytes: number; baselineBytes: number };
  }

  private async next(): Promise<Facts> {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(`${this.command} ended early: ${this.errors}`);
      if ((value as string).startsWith('{')) return JSON.parse(value as string) as Facts;
    }
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2
    ? sorted[sorted.length >> 1]
    : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}
