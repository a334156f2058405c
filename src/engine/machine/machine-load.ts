/** How busy other programs keep this machine while something is measured. */
import os from 'node:os';

/** Times of the processor since it started, in seconds: all its cores together, and what this process took of them. */
export interface ProcessorTimes {
  busy: number;
  all: number;
  own: number;
}

/** Above this share of the processor, other programs lengthen a measured step noticeably. */
const BUSY = 0.25;

/** Share of the processor that other programs took between two moments, 0 to 1. */
export function othersShare(from: ProcessorTimes, to: ProcessorTimes): number {
  const all = to.all - from.all;
  // The system counts in ticks of its own: a short time can seem negative.
  return all > 0 ? Math.min(1, Math.max(0, (to.busy - from.busy - (to.own - from.own)) / all)) : 0;
}

/** Starts watching; the returned call says whether other programs kept the processor busy since. */
export function watchOthers(): () => boolean {
  const from = processorTimes();
  return () => othersShare(from, processorTimes()) > BUSY;
}

export function processorTimes(): ProcessorTimes {
  const { user, system } = process.cpuUsage();
  const times = { busy: 0, all: 0, own: (user + system) / 1e6 };
  for (const { times: of } of os.cpus()) {
    const busy = (of.user + of.nice + of.sys + of.irq) / 1000;
    times.busy += busy;
    times.all += busy + of.idle / 1000;
  }
  return times;
}
