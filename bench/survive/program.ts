/** The program that `survive` ends: the server of one project, as `decile serve` runs it; its clock may have been set back. */
import { onInterrupt } from '../../src/cli/interrupt.ts';

const [folder, pages, back] = process.argv.slice(2);
if (Number(back) > 0) setClockBack(Number(back));
const { serve } = await import('../../src/server/serve.ts');
const server = await serve({ project: folder, pages });
process.stdout.write(`${server.url}\n`);
onInterrupt(() => void server.close().then(() => process.exit(0)));

/** Every date of this process is so many milliseconds earlier. */
function setClockBack(ms: number): void {
  const now = Date.now;
  class Earlier extends Date {
    constructor(...given: []) {
      if (given.length === 0) super(now() - ms);
      else super(...given);
    }
    static override now = () => now() - ms;
  }
  globalThis.Date = Earlier as DateConstructor;
}
