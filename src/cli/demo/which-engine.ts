/** Started as a process of its own: tells which engine `auto` would be, without loading its library into the demo. */
import { startEngine } from '../../engine/choose/index.ts';

const { name } = await startEngine('auto');
process.send?.(name, () => process.exit(0));
