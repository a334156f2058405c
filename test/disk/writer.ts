/** A process that writes: `node writer.ts PATH SIZE` replaces PATH for ever; `node writer.ts PATH hold` stays in mid-write. */
import { streamFileAtomic, temporaryFolder, writeAll, writeFileAtomic } from '../../src/disk/index.ts';

const [path, size] = process.argv.slice(2);
if (size === 'hold') {
  temporaryFolder(`${path}.folder`, 'predictions');
  await streamFileAtomic(path, async (handle) => {
    await writeAll(handle, Buffer.from('half'));
    process.stdout.write('writing\n');
    await new Promise((done) => setTimeout(done, 1e9));
  });
}
for (let n = 0; ; n++) {
  writeFileAtomic(path, Buffer.alloc(Number(size), 97 + (n % 26)));
  if (n === 0) process.stdout.write('writing\n');
}
