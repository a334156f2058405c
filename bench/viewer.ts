/**
 * Speed of the window in Chromium without a graphics card: `npm run bench -- viewer [--only PART,...] [--scans N] [--against CHECKOUT] [--json]`.
 *
 * | part | what |
 * | --- | --- |
 * | cpu | 256^3 cases, Cornerstone3D drawing on the processor: what a computer without a graphics card gets |
 * | software-gl | 128^3 cases and few movements by its WebGL path, on a WebGL that the processor emulates: that it works, not how fast |
 * | ct | a CT of 512 x 512 x 174, on the processor |
 * | ct-large | a CT of 512 x 512 x 300 and edits of it, on the processor |
 * | table | the list of cases with 1,000 scans or `--scans`, through the real server; with `--scans` also what the program needs to open, list, draw and suggest, and with `--against` what another checkout needs, in turns |
 * | memory | after 30 case switches with 500 strokes |
 *
 * Pages and servers run on this machine. Times are those that the page itself sees, medians of three (of one by emulated WebGL); `best` is the least of
 * the three, `processor` the time that the page's main thread computed, which other programs on the machine do not change.
 */
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { CHROMIUM, launch, SOFTWARE_GL } from '../test/viewer/harness/browser.ts';
import { buildHarness } from '../test/viewer/harness/built.ts';
import { benchEdits } from './viewer/edits.ts';
import { benchMemory, CASES, STROKES } from './viewer/memory.ts';
import { benchLargeCt, benchPlanes, FEW, FULL } from './viewer/planes.ts';
import { benchScale } from './viewer/scale.ts';
import { benchTable, SCANS } from './viewer/table.ts';
import { WrongOption } from './wrong-option.ts';

const CPU = ['--disable-gpu'];

/** How many scans the table has, and which other checkout is measured in turns. */
interface Scale {
  scans?: number;
  against?: string;
}

interface Part {
  title: string;
  graphics: readonly string[];
  run(browser: Browser, scale: Scale): Promise<Record<string, number>>;
}

const PARTS: Record<string, Part> = {
  cpu: {
    title: `${FULL.side}^3 with mask, prediction and uncertainty, drawn on the processor`,
    graphics: CPU,
    run: (browser) => benchPlanes(browser, FULL, 'cpu'),
  },
  'software-gl': {
    title: `${FEW.side}^3 with mask, prediction and uncertainty, WebGL emulated by the processor; ${FEW.wheels} notches and ${FEW.moves} moves only`,
    graphics: SOFTWARE_GL,
    run: (browser) => benchPlanes(browser, FEW, 'gpu'),
  },
  ct: {
    title: 'CT of 512 x 512 x 174, drawn on the processor',
    graphics: CPU,
    run: (browser) => benchLargeCt(browser, 'cpu'),
  },
  'ct-large': {
    title: 'CT of 512 x 512 x 300 and edits of it, drawn on the processor',
    graphics: CPU,
    run: (browser) => benchEdits(browser, 'cpu'),
  },
  table: {
    title: `Table of ${SCANS} scans, or as many as --scans says`,
    graphics: CPU,
    run: async (browser, { scans, against }) => ({
      ...(await benchTable(browser, scans)),
      ...(scans === undefined ? {} : await benchScale(scans, against)),
    }),
  },
  memory: {
    title: `Memory on 96^3 cases: after 3 and after ${CASES} more case switches with ${STROKES} strokes`,
    graphics: CPU,
    run: (browser) => benchMemory(browser, 'cpu'),
  },
};

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean' },
      only: { type: 'string' },
      scans: { type: 'string' },
      against: { type: 'string' },
    },
  });
  const scale = { scans: values.scans === undefined ? undefined : Number(values.scans), against: values.against };
  if (!CHROMIUM) throw new Error('This bench needs Chromium (CHROMIUM=/path/to/chromium).');
  const wanted = values.only?.split(',') ?? Object.keys(PARTS);
  const unknown = wanted.find((name) => !(name in PARTS));
  if (unknown) throw new WrongOption(`--only must be of ${Object.keys(PARTS).join(', ')}, got ${unknown}.`);
  buildHarness();
  const results: Record<string, Record<string, number>> = {};
  for (const name of wanted) {
    const { title, graphics, run: measure } = PARTS[name];
    const browser = await launch(graphics);
    const figures = await measure(browser, scale);
    await browser.close();
    for (const key of Object.keys(figures)) figures[key] = Math.round(figures[key] * 10) / 10;
    results[name] = figures;
    if (values.json) continue;
    console.log(title);
    for (const [key, value] of Object.entries(figures)) console.log(`  ${key.padEnd(24)} ${value}`);
  }
  if (values.json) console.log(JSON.stringify(results));
}
