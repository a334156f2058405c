/** Seconds per step of a method on this machine, measured by the trainer itself on two phantoms. */

import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newProject } from '../../app.ts';
import type { MethodName } from '../../core/options.ts';
import { resolveOptions } from '../../core/parse-option.ts';
import type { PhantomKind } from '../../core/phantom/index.ts';
import { sweepLeftovers, temporaryFolder } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { writeCohort } from './cohort.ts';
import { type DemoSetting, KINDS } from './settings.ts';

export interface ProbeResult {
  engine: string;
  device: string;
  seconds: number[];
}

const WARM_UP = 2;

/**
 * Trains each method for a few steps in a throw-away project and takes the median step.
 * @param steps counted after two warm-up steps
 */
export async function probe(
  kind: PhantomKind,
  setting: DemoSetting,
  methods: readonly MethodName[],
  steps: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  sweepLeftovers(tmpdir());
  const folder = temporaryFolder(tmpdir(), 'decile-probe');
  try {
    const cohort = await writeCohort(
      folder,
      kind,
      { firstSeed: 0, count: 2, labelled: 1, size: setting.size, prefix: 'probe' },
      () => {},
      signal,
    );
    const { label, preset } = KINDS[kind];
    const project = newProject(join(folder, 'project'), { preset, labels: [{ name: label }] });
    try {
      await project.importScans(cohort.scans, { labels: cohort.labelled });
      const result: ProbeResult = { engine: '', device: '', seconds: [] };
      for (const method of methods) {
        const stamps: number[] = [];
        const options = resolveOptions({
          ...setting.options,
          ...{
            method,
            spacing: 'native',
            steps: steps + WARM_UP,
            validateEvery: 1_000_000,
            checkpointEvery: 1_000_000,
          },
        });
        const run = project.train({ options, name: method }, (event) => {
          if (event.type === 'started') [result.engine, result.device] = [event.engine, event.device];
          if (event.type === 'step') stamps.push(performance.now());
        });
        const stop = () => run.cancel();
        signal.addEventListener('abort', stop);
        await run.done.finally(() => signal.removeEventListener('abort', stop));
        signal.throwIfAborted();
        result.seconds.push(medianStep(stamps, method));
      }
      return result;
    } finally {
      await project.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const gapsOf = (stamps: readonly number[]): number[] => stamps.slice(1).map((t, n) => (t - stamps[n]) / 1000);

function medianStep(stamps: readonly number[], method: string): number {
  const counted = gapsOf(stamps)
    .slice(WARM_UP - 1)
    .sort((a, b) => a - b);
  if (counted.length === 0)
    throw new DecileError(
      'demo/no-steps',
      `The probe of ${method} must make steps, got ${stamps.length}.`,
      'Look at `decile engines`.',
    );
  return counted[Math.floor(counted.length / 2)];
}
