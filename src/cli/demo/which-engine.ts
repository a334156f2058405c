/** Started as a process of its own: tells which engine `auto` would be, without loading its library into the demo. */
import { startEngine } from '../../engine/choose/index.ts';

const { name } = await startEngine('auto');
// Whoever asked ends it, once it has heard.
process.on('disconnect', () => process.exit(0));
process.on('message', () => {});
process.send?.(name);
