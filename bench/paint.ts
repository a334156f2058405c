/**
 * Paints CTs onto real masks of kidney (1) and tumour (2): neighbouring organs, texture, noise, uneven brightness, tumours 20 to 40
 * HU from the kidney. Writes OUT/images and OUT/labels, and says how far brightness alone gets: below 50 Dice for each label.
 * npm run bench -- paint --data FOLDER --out FOLDER [--seed 1] [--cases N] [--spacing MM] [--json]     FOLDER holds labels/, or kits19-masks/labels/
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gridWithSpacing, resample } from '../src/core/resample.ts';
import type { LabelMap } from '../src/core/volume.ts';
import { readMask, writeNifti } from '../src/imaging/index.ts';
import { paint } from './paint/painter.ts';
import { Brightness } from './paint/thresholds.ts';
import { WrongOption } from './wrong-option.ts';

const LABELS = ['kidney', 'tumour'];

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      cases: { type: 'string' },
      spacing: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (!values.data || !values.out)
    throw new WrongOption('--data and --out must be given: the folder with labels/, and a new one.');
  const { out } = values;
  const data = [values.data, join(values.data, 'kits19-masks')].find((folder) => existsSync(join(folder, 'labels')));
  if (!data)
    throw new WrongOption(
      `--data must be a folder with labels/ (or kits19-masks/labels/), masks of kidney 1 and tumour 2, got ${values.data}.`,
    );
  const names = readdirSync(join(data, 'labels')).filter((name) => /\.nii(\.gz)?$/.test(name));
  const chosen = names.sort().slice(0, values.cases ? positive(values.cases, '--cases') : undefined);
  const spacing = values.spacing ? positive(values.spacing, '--spacing') : null;
  for (const folder of ['images', 'labels']) mkdirSync(join(out, folder), { recursive: true });
  const pooled = new Brightness(LABELS.length);
  for (const [stream, name] of chosen.entries()) {
    const mask = await readCase(join(data, 'labels', name), spacing);
    const { scan, tissues } = paint(mask, Number(values.seed), stream);
    await writeNifti(join(out, 'images', name), scan, { flush: false });
    await writeNifti(join(out, 'labels', name), mask, { flush: false });
    const own = new Brightness(LABELS.length);
    own.add(scan.data, mask.data);
    pooled.include(own);
    const row = {
      name,
      size: mask.size.join(' x '),
      kidney: Math.round(tissues.kidney),
      tumour: Math.round(tissues.tumour),
      ...diceOf(own),
    };
    console.log(
      values.json
        ? JSON.stringify(row)
        : Object.entries(row)
            .map(([key, v]) => `${key} ${v}`)
            .join(', '),
    );
  }
  const all = { name: 'all', cases: chosen.length, ...diceOf(pooled) };
  if (values.json) console.log(JSON.stringify({ ...all, bytes: process.resourceUsage().maxRSS * 1024 }));
  else console.table(all);
}

/** Best Dice by brightness alone, in percent. */
const diceOf = (brightness: Brightness): Record<string, number> =>
  Object.fromEntries(
    LABELS.flatMap((label, n) => [
      [`${label}ByThreshold`, Number(brightness.bestThreshold(n + 1).toFixed(1))],
      [`${label}ByWindow`, Number(brightness.bestWindow(n + 1).toFixed(1))],
    ]),
  );

/** The mask on its own grid, or on cubes of `spacing` mm. */
async function readCase(path: string, spacing: number | null): Promise<LabelMap> {
  const mask = await readMask(path);
  return spacing === null ? mask : resample(mask, gridWithSpacing(mask, spacing), 'nearest');
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new WrongOption(`${flag} must be a number above 0, got ${text}.`);
  return value;
}
