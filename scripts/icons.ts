/** Draws resources/icon.svg at the sizes that installers want: PNG for Linux, ICO for Windows, ICNS for macOS. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../test/desktop/browser.ts';

const resources = join(dirname(fileURLToPath(import.meta.url)), '..', 'resources');
const svg = readFileSync(join(resources, 'icon.svg'), 'utf8');
const browser = await launchBrowser();
const pictures = new Map<number, Buffer>();
for (const side of [16, 32, 48, 64, 128, 256, 512, 1024]) {
  const page = await browser.newPage({ viewport: { width: side, height: side } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${side}px;height:${side}px}</style>${svg}`);
  pictures.set(side, await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();

mkdirSync(join(resources, 'icons'), { recursive: true });
for (const side of [16, 32, 48, 64, 128, 256, 512])
  writeFileSync(join(resources, 'icons', `${side}x${side}.png`), pictures.get(side)!);
writeFileSync(join(resources, 'icon.ico'), ico([16, 32, 48, 64, 256]));
writeFileSync(
  join(resources, 'icon.icns'),
  icns([
    ['icp4', 16],
    ['icp5', 32],
    ['ic07', 128],
    ['ic08', 256],
    ['ic09', 512],
    ['ic10', 1024],
  ]),
);

/** ICO with PNG pictures inside (since Windows Vista). */
function ico(sides: number[]): Buffer {
  const head = Buffer.alloc(6 + 16 * sides.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(sides.length, 4);
  let offset = head.length;
  sides.forEach((side, n) => {
    const at = 6 + 16 * n;
    const { length } = pictures.get(side)!;
    // 0 stands for 256.
    head.writeUInt8(side % 256, at);
    head.writeUInt8(side % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += length;
  });
  return Buffer.concat([head, ...sides.map((side) => pictures.get(side)!)]);
}

/** ICNS: four letters, a length, a PNG, for each size. */
function icns(entries: [type: string, side: number][]): Buffer {
  const parts = entries.map(([type, side]) => {
    const picture = pictures.get(side)!;
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(picture.length + 8, 4);
    return Buffer.concat([head, picture]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}
