/** Frames of all files to sources: one for each volume of each DICOM series, the rest left out with the reason. */
import { dirname } from 'node:path';
import type { Frame } from './dicom/frame.ts';
import { reasonToLeaveOut, type Stack, splitSeries } from './dicom/series.ts';
import { failure } from './files.ts';
import { tidy } from './names.ts';
import type { ScanFailure, ScanSource } from './types.ts';

/** @param failures gets what is left out */
export function seriesSources(frames: Frame[], failures: ScanFailure[]): ScanSource[] {
  frames.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.index - b.index));
  // Without a series UID the files of one folder and series number belong together.
  const series = Map.groupBy(frames, (f) =>
    f.seriesUid ? `${f.seriesUid} ${f.studyUid}` : `${dirname(f.path)} ${f.seriesNumber ?? ''}`,
  );
  return [...series.values()].flatMap((all) => sourcesOf(all, failures));
}

function sourcesOf(all: Frame[], failures: ScanFailure[]): ScanSource[] {
  const kept: Frame[] = [];
  const refused = new Set<string>();
  for (const f of all) {
    const reason = reasonToLeaveOut(f);
    if (!reason) kept.push(f);
    else if (!refused.has(f.path)) {
      refused.add(f.path);
      failures.push(failure(f.path, reason));
    }
  }
  if (kept.length === 0) return [];
  const { stacks, duplicates, errors } = splitSeries(kept);
  for (const { frames, error } of errors) failures.push(failure(frames[0].path, error));
  for (const path of new Set(duplicates.map((d) => d.path))) {
    failures.push({
      path,
      code: 'scan/duplicate',
      message: `${path} must be a new image, got a copy of another file (same instance).`,
      cure: 'Nothing to do: the first copy was used.',
    });
  }
  const reason = noVolume(stacks);
  if (reason) {
    const named = reason.code === 'scan/one-place' ? stacks.slice(0, 1) : stacks;
    for (const { frames } of named) failures.push({ path: frames[0].path, ...reason });
    return [];
  }
  const largest = Math.max(...stacks.map((s) => s.frames.length));
  // Frames of one file go by the number of their volume, which counts over all files of the series.
  const shared = shareFiles(stacks) ? [...new Set(kept.map((f) => f.path))] : undefined;
  return stacks.flatMap((stack, n) => {
    if (isStray(stack, largest)) {
      failures.push(stray(stack, largest));
      return [];
    }
    return [sourceOf(stack, shared && { paths: shared, part: n })];
  });
}

const seriesName = (f: Frame) => f.seriesNumber ?? f.seriesUid;

/** Why no stack of the series is a volume: three planes with a handful of slices, or one place again and again. */
function noVolume(stacks: readonly Stack[]): Omit<ScanFailure, 'path'> | null {
  if (stacks.length < 2) return null;
  const [first] = stacks[0].frames;
  const largest = Math.max(...stacks.map((s) => s.frames.length));
  if (stacks.every((s) => s.part.startsWith('orientation') && s.frames.length <= 7))
    return {
      code: 'scan/localiser',
      message: `Series ${seriesName(first)} must be a volume, got ${stacks.length} orientations with at most ${largest} slices each (a localiser).`,
      cure: 'Localisers are for planning; import the diagnostic series.',
    };
  if (largest === 1 && stacks.every((s) => !s.part.startsWith('orientation')))
    return {
      code: 'scan/one-place',
      message: `Series ${seriesName(first)} must be a volume, got ${stacks.length} images of one place (contrast tracking or a cine slice).`,
      cure: 'Import the diagnostic series that was taken with it.',
    };
  return null;
}

/** One or two slices of another direction or size beside a volume: a localiser or a report page without the word. */
const isStray = (stack: Stack, largest: number): boolean =>
  stack.frames.length <= 2 && largest >= 5 && /^(orientation|size)/.test(stack.part);

function stray({ frames }: Stack, largest: number): ScanFailure {
  const [first] = frames;
  return {
    path: first.path,
    code: 'scan/stray-slices',
    message: `Every slice of series ${seriesName(first)} must belong to a volume, got ${frames.length} of another direction or size than the other ${largest}.`,
    cure: 'Usually a localiser or a report page that the scanner stored with the series: nothing to do.',
  };
}

/** True where two stacks have frames in one file. */
function shareFiles(stacks: readonly Stack[]): boolean {
  const owner = new Map<string, Stack>();
  return stacks.some((stack) =>
    stack.frames.some(({ path }) => {
      const other = owner.get(path);
      owner.set(path, stack);
      return other !== undefined && other !== stack;
    }),
  );
}

function sourceOf({ frames, part, notice }: Stack, within: { paths: string[]; part: number } | undefined): ScanSource {
  const f = frames[0];
  const name = tidy(
    [f.modality || 'scan', f.seriesNumber ?? '', f.description, part].filter((s) => s !== '').join('_'),
  );
  return {
    kind: 'dicom',
    name,
    paths: [...new Set(frames.map((x) => x.path))],
    seriesUid: f.seriesUid,
    modality: f.modality,
    description: f.description,
    patientName: f.patientName,
    patientId: f.patientId,
    frameOfReference: f.frameOfReference,
    frames,
    ...(notice ? { notices: [notice] } : {}),
    ...within,
  };
}
