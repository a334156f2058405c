/**
 * Every DICOM series below a folder beside dcm2niix (size, affine to 1e-3 mm, voxels within rounding), every SEG beside
 * pydicom's pixel sums and every RTSTRUCT beside scikit-image's polygons. Lists what differs, what we refuse with its code and whether
 * dcm2niix converts it, and what differs for a known reason (conformance/known.json, --known FILE for more).
 * npm run bench -- conformance --data FOLDER [--known FILE] [--json]
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mapLimited } from '../src/imaging/files.ts';
import { hasDcm2niix } from './conformance/dcm2niix.ts';
import { seriesBelow } from './conformance/groups.ts';
import { readRules } from './conformance/known.ts';
import { judgeMasks } from './conformance/masks.ts';
import { type Finding, judge } from './conformance/series.ts';

export interface Result {
  series: number;
  equal: number;
  refused: number;
  different: number;
  known: number;
  masks: number;
  masksDifferent: number;
}

/** Series at a time: dcm2niix works on one while we read another. */
const WIDTH = 2;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { data: { type: 'string' }, known: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const folder = checked(values.data);
  if (folder === null) return;
  const say = (finding: Finding) => console.log(values.json ? JSON.stringify(finding) : asLine(finding));
  const scratch = mkdtempSync(join(tmpdir(), 'decile-conformance-'));
  try {
    const result = await conformance(folder, scratch, values.known, say);
    if (values.json) console.log(JSON.stringify(result));
    else console.table(result);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The folder, or null after saying what is wrong. */
function checked(data: string | undefined): string | null {
  const wrong = (text: string): null => {
    console.error(text);
    process.exitCode = 2;
    return null;
  };
  if (data === undefined) return wrong('--data must be a folder with DICOM files, got nothing.');
  const folder = resolve(data);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    return wrong(`--data must be a folder with DICOM files, got ${data}, which is none.`);
  if (!hasDcm2niix())
    return wrong('dcm2niix must be installed to compare with, got none. Debian and Ubuntu: apt install dcm2niix.');
  return folder;
}

/**
 * @param scratch an empty folder, for dcm2niix's files
 * @param known a user's file with further rules
 * @param say gets what is not plainly equal, one by one
 */
export async function conformance(
  folder: string,
  scratch: string,
  known: string | undefined,
  say: (finding: Finding) => void,
): Promise<Result> {
  const rules = readRules(known);
  const { series, masks } = await seriesBelow(folder);
  const result: Result = {
    ...{ series: series.length, equal: 0, refused: 0, different: 0, known: 0 },
    ...{ masks: 0, masksDifferent: 0 },
  };
  await mapLimited(series, WIDTH, async (one) => {
    const { verdict, findings } = await judge(one, folder, scratch, rules);
    result[verdict]++;
    for (const finding of findings) say(finding);
  });
  const sources = series.flatMap((one) => one.sources);
  Object.assign(result, await judgeMasks(masks, { root: folder, scratch, sources, rules, say }));
  return result;
}

const asLine = ({ verdict, path, code, dcm2niix, text }: Finding): string =>
  [verdict, path, ...(code ? [`${code} (dcm2niix ${dcm2niix ? 'converts' : 'does not convert'} it)`] : []), text].join(
    '  ',
  );
