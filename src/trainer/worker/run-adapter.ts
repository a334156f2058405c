/** Looks for a GPU in the trainer's process, where a driver that crashes harms nothing else. */
import { askAdapter } from '../../engine/webgpu/index.ts';
import type { Report } from './dependencies.ts';

/** @throws DecileError `engine/not-installed` where there is none */
export async function runAdapter(report: Report): Promise<void> {
  const { name, software } = await askAdapter();
  report({ type: 'adapter', name, software });
  report({ type: 'finished', step: 0, seconds: 0 });
}
