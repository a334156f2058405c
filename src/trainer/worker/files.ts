/** Files of a run folder. */
import { join } from 'node:path';

export const checkpointPath = (runFolder: string): string => join(runFolder, 'checkpoint.safetensors');
