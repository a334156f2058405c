/** Versions and device, for the about box. */

import { cpus } from 'node:os';
import { VERSION } from '../core/version.ts';
import type { About } from '../shared/contract/index.ts';

export function about(shell: About['shell']): About {
  const processors = cpus();
  return {
    version: VERSION,
    electron: process.versions.electron ?? '',
    node: process.versions.node,
    chromium: process.versions.chrome ?? '',
    platform: `${process.platform} ${process.arch}`,
    device: `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores`,
    shell,
  };
}
