/** What becomes of one series: equal to dcm2niix, refused by us, different, or different for a known reason. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readScan } from '../../src/imaging/index.ts';
import { DecileError } from '../../src/shared/errors.ts';
import { type Difference, differenceOf } from './compare.ts';
import { type Converted, convertSeries, type Image } from './dcm2niix.ts';
import type { Series } from './groups.ts';
import { type Rule, reasonFor } from './known.ts';

export type Verdict = 'equal' | 'refused' | 'different' | 'known';

/** One line of the list: what of a series is not plainly equal. */
export interface Finding {
  verdict: Verdict | 'left-out';
  /** First file, from the folder on. */
  path: string;
  /** Our code, where something was refused or left out. */
  code?: string;
  /** Whether dcm2niix converts what we refuse. */
  dcm2niix?: boolean;
  difference?: Rule['difference'];
  text: string;
}

/** @param scratch a folder for dcm2niix's files */
export async function judge(
  series: Series,
  root: string,
  scratch: string,
  rules: readonly Rule[],
): Promise<{ verdict: Verdict; findings: Finding[] }> {
  const place = mkdtempSync(join(scratch, 'series-'));
  try {
    return await compare(series, root, rules, await convertSeries(series.files, place));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const RANK = ['size', 'axes', 'affine', 'voxels'];

async function compare(series: Series, root: string, rules: readonly Rule[], theirs: Converted) {
  const path = relative(root, series.files[0]);
  const findings: Finding[] = [];
  const refusals = series.failures.map(({ code, message }) => ({ code: code as string, text: message }));
  const left = [...theirs.images];
  let read = 0;
  for (const source of series.sources) {
    let scan: Awaited<ReturnType<typeof readScan>>;
    try {
      scan = await readScan(source);
    } catch (error) {
      if (error instanceof DecileError) refusals.push({ code: error.code, text: error.message });
      else findings.push({ verdict: 'different', path, text: `${source.name}: not read and not refused: ${error}` });
      continue;
    }
    read++;
    const { volume, notices } = scan;
    let closest: { difference: Difference; image: Image } | null = null;
    let same = -1;
    for (const [n, image] of left.entries()) {
      const difference = differenceOf(volume, image);
      if (difference === null) {
        same = n;
        break;
      }
      if (!closest || RANK.indexOf(difference.part) > RANK.indexOf(closest.difference.part))
        closest = { difference, image };
    }
    if (same >= 0) {
      left.splice(same, 1);
      continue;
    }
    const kind = closest?.difference.part ?? 'nothing-written';
    const facts = { ours: volume, theirs: left, frames: source.frames ?? [] };
    const reason = reasonFor(rules, kind, path, notices, facts);
    const text = closest?.difference.text ?? 'dcm2niix writes no volume';
    findings.push({
      ...{ verdict: reason === null ? 'different' : 'known', path, difference: kind },
      text: [`${source.name}: ${text}`, ...(reason === null ? notices : [reason])].join('. '),
    });
    if (closest) left.splice(left.indexOf(closest.image), 1);
  }
  const converted = theirs.images.length + theirs.others.length > 0;
  if (read === 0 && findings.length === 0) {
    if (refusals.length === 0) refusals.push({ code: '', text: 'neither read nor refused' });
    const verdict = refusals.some(({ code }) => code === '') ? 'different' : 'refused';
    const codes = [...new Set(refusals.map(({ code }) => code))];
    findings.push({ verdict, path, code: codes.join(', '), dcm2niix: converted, text: refusals[0].text });
    return { verdict: verdict as Verdict, findings };
  }
  const explained = findings.some(({ verdict }) => verdict === 'known');
  if (left.length > 0 && refusals.length === 0 && !explained) {
    const text = `dcm2niix writes ${left.length} more: ${left
      .slice(0, 4)
      .map(({ name, size }) => `${name} (${size.join(' x ')})`)
      .join(', ')}`;
    const reason = reasonFor(rules, 'more-written', path, [], { theirs: left, frames: [] });
    findings.push({
      ...{ verdict: reason === null ? 'different' : 'known', path, difference: 'more-written' },
      text: reason === null ? text : `${text}. ${reason}`,
    });
  }
  const verdicts = findings.map(({ verdict }) => verdict);
  const verdict = verdicts.includes('different') ? 'different' : verdicts.includes('known') ? 'known' : 'equal';
  for (const { code, text } of refusals)
    findings.push({ verdict: 'left-out', path, code, dcm2niix: left.length > 0, text });
  return { verdict: verdict as Verdict, findings };
}
