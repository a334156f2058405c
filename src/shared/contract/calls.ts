/** Every call between window and main process: its name, the schema of its input, the type of its result. */

import { z } from 'zod';
import { LONGEST_NAME } from '../../core/name-limit.ts';
import { PRESETS } from '../../core/options.ts';
import { MOST_LABELS } from '../../core/volume.ts';
import { DATE_RULES, EXPORT_CHOICES, EXPORT_FORMATS } from '../export-formats.ts';
import { measurement } from './measurement.ts';
import type * as T from './types.ts';

declare const result: unique symbol;
export interface CallSpec<Input extends z.ZodType = z.ZodType, Result = unknown> {
  readonly input: Input;
  readonly [result]?: Result;
}
/** `call<Result>()(schema)`: the result is a type alone, since main is trusted; the input is parsed in main. */
const call =
  <Result>() =>
  <Input extends z.ZodType>(input: Input): CallSpec<Input, Result> => ({ input });

const nothing = z.undefined();
const id = z.number().int().nonnegative();
const folder = z.string().min(1).max(64);
const text = z.string().max(4000);
const name = z.string().trim().min(1).max(LONGEST_NAME);
const slice = z.number().int().nonnegative();
const label = z.object({
  value: z.number().int().min(-MOST_LABELS).max(MOST_LABELS),
  name,
  colour: z.string().regex(/^#[0-9a-fA-F]{6}$/),
  code: z.object({ scheme: name, value: name, meaning: name }).optional(),
  locked: z.boolean(),
});
const scan = z.object({ scan: id });
const scans = z.object({ scans: z.array(id).max(100_000) });
const run = z.object({ run: id });
/** Partial training options; core/options.ts checks each value against its row. */
const options = z.record(
  z.string().max(60),
  z.union([z.string().max(60), z.number(), z.tuple([z.number(), z.number(), z.number()]).readonly()]),
);

/** Low and high, HU. */
const range = z.tuple([z.number(), z.number()]).readonly();
/** Labelled scans held out to watch the training with. */
const validation = z.number().int().min(0).max(10_000).optional();

/** Another project is opened although something goes on in the present one: it is stopped, trainings at a checkpoint. */
const STOP = z.boolean().default(false);

const view = z.object({
  place: z.enum(['projects', 'cases', 'annotate', 'train', 'review', 'report']),
  scans: z.object({ annotate: id.nullable(), review: id.nullable() }),
  filters: z.object({ annotate: z.string().max(20), review: z.string().max(20) }),
  listOpen: z.boolean(),
  table: z.object({
    search: z.string().max(200),
    filter: z.string().max(20),
    column: z.string().max(20),
    descending: z.boolean(),
    row: z.number().int().min(0).optional(),
  }),
});

export const CALLS = {
  'app.about': call<T.About>()(nothing),
  'settings.get': call<T.Settings>()(nothing),
  'settings.set': call<T.Settings>()(
    z
      .object({
        theme: z.enum(['dark', 'light', 'system']),
        showPatientNames: z.boolean(),
        keys: z.record(z.string().max(60), z.string().max(60)),
        welcomed: z.boolean(),
        person: z.string().trim().max(LONGEST_NAME),
      })
      .partial(),
  ),

  /** Where the user was in the open project; null where that is not known. */
  'views.get': call<T.ProjectView | null>()(nothing),
  'views.set': call<null>()(view),

  /** Opens the system's dialog; null when the user cancels it, or in the browser, which asks folders.browse instead. */
  'folders.choose': call<T.ChosenFolder | null>()(z.object({ title: name })),
  /** Lists a folder (the home folder without one); in the browser alone. */
  'folders.browse': call<T.FolderListing>()(
    z.object({ folder: folder.optional(), path: z.string().max(4096).optional() }),
  ),
  'folders.create': call<T.ChosenFolder>()(z.object({ parent: folder, name: name.regex(/^[^/\\:*?"<>|]+$/) })),

  'projects.recent': call<T.RecentProject[]>()(nothing),
  'projects.forget': call<null>()(z.object({ folder })),
  'projects.create': call<T.ProjectOverview>()(
    z.object({
      parent: folder,
      name,
      preset: z.enum(PRESETS),
      range: range.optional(),
      labels: z.array(label).min(1).max(MOST_LABELS),
      stop: STOP,
    }),
  ),
  'projects.open': call<T.ProjectOverview>()(z.object({ folder, stop: STOP })),
  'projects.current': call<T.ProjectOverview | null>()(nothing),
  'projects.close': call<null>()(nothing),
  /** Intensities that training clips to from the next run on; null: those of the preset. */
  'projects.setRange': call<T.ProjectOverview>()(z.object({ range: range.nullable() })),
  'projects.setLabels': call<T.ProjectOverview>()(z.object({ labels: z.array(label).min(1).max(MOST_LABELS) })),
  /** Makes a project of phantoms, a tenth of them labelled; a job. */
  'projects.demo': call<{ job: string }>()(z.object({ stop: STOP }).optional()),
  /** Reads the whole project: what is damaged or missing; puts right what can be with `repair`; a job. */
  'projects.check': call<{ job: string }>()(z.object({ repair: z.boolean().default(false) })),

  'scans.list': call<T.ScanRow[]>()(nothing),
  'scans.detail': call<T.ScanDetail>()(scan),
  'scans.import': call<{ job: string }>()(
    z.object({
      ...{ folder, labels: folder.optional() },
      settled: z.object({ paths: z.array(z.string()), as: z.enum(['mask', 'scan']) }).optional(),
      overlaps: z.enum(['smaller', 'separate']).optional(),
    }),
  ),
  'scans.suggest': call<T.Suggestion[]>()(nothing),
  'scans.remove': call<null>()(scans),
  'scans.restore': call<null>()(scans),
  /** Leaves scans out of training for a reason; takes them in again with an empty one. */
  'scans.leaveOut': call<null>()(z.object({ scans: z.array(id).max(100_000), reason: z.string().max(200) })),

  /** Turns the strokes saved so far into a version of the mask's history. */
  'masks.commit': call<T.MaskVersion | null>()(scan),
  'masks.versions': call<T.MaskVersion[]>()(scan),
  /** Makes an older version current again, as a new version. */
  'masks.restore': call<T.MaskVersion>()(z.object({ scan: id, version: id })),

  /** Two versions of a mask against each other. */
  'masks.compare': call<T.MaskComparison>()(z.object({ scan: id, versions: z.tuple([id, id]) })),

  /** Keeps a measurement with the case; one of the same id is kept as it is. */
  'measurements.add': call<null>()(z.object({ scan: id, measurement })),
  'measurements.remove': call<null>()(z.object({ scan: id, measurement: z.uuid() })),
  /** Who drew, predicted and decided what of a scan, oldest first. */
  'scans.history': call<T.HistoryLine[]>()(scan),

  'predictions.get': call<T.PredictionDetail | null>()(scan),
  'predictions.start': call<{ job: string }>()(z.object({ run: id.optional(), scans: z.enum(['all', 'unlabelled']) })),

  /** Predicted cases, most worth a look first. */
  'review.queue': call<T.QueueEntry[]>()(nothing),
  /** Decides a case, or only the slices from..to; answers which case comes next. */
  'review.decide': call<{ next: number | null; slices: T.SliceDecision[]; state: T.CaseState }>()(
    z.object({
      scan: id,
      decision: z.enum(['accept', 'correct', 'reject', 'reopen']),
      slices: z.object({ from: slice, to: slice }).optional(),
      /** Why it is rejected. */
      reason: z.string().max(200).optional(),
    }),
  ),
  /** Takes the last decision on a case back. */
  'review.undo': call<{ state: T.CaseState }>()(scan),
  'review.next': call<{ next: number | null }>()(z.object({ after: id.optional() })),
  /** What the current mask changed against the prediction; empty without one. */
  'review.changes': call<T.MaskChange[]>()(scan),

  /** A window looks at a scan: no round of learning changes its mask from now on; null: it looks at none. Answers its newest version. */
  'review.look': call<{ version: number }>()(z.object({ scan: id.nullable(), window: z.string().min(1).max(60) })),

  /** Rounds of training that start by themselves while somebody reviews. */
  'learning.get': call<T.LearningInfo>()(nothing),
  /** Off stops what goes on at a checkpoint; on goes on with it. */
  'learning.set': call<T.LearningInfo>()(z.object({ learning: z.enum(['off', 'on', 'paused']) })),

  'train.plan': call<T.TrainOutlook>()(z.object({ options, validation })),
  /** As train.plan, after a few steps on made-up patches have told how long it takes; refused while a run trains. */
  'train.probe': call<T.TrainOutlook>()(z.object({ options, validation })),
  'train.start': call<{ run: number; job: string }>()(
    z.object({ options, validation, name: name.optional(), notes: text.optional() }),
  ),
  'train.pause': call<null>()(run),
  /** Goes on with a paused run, or starts an interrupted one again from its last checkpoint. */
  'train.resume': call<{ run: number; job: string }>()(run),
  'train.cancel': call<null>()(run),
  'train.curve': call<T.Curve>()(z.object({ run: id, after: z.number().int().optional() })),
  'train.evolution': call<T.EvolutionFrame[]>()(run),

  'runs.list': call<T.RunInfo[]>()(nothing),
  'runs.notes': call<null>()(z.object({ run: id, notes: text })),

  'jobs.list': call<T.JobInfo[]>()(nothing),
  'jobs.cancel': call<null>()(z.object({ job: z.string().max(64) })),
  'jobs.dismiss': call<null>()(z.object({ job: z.string().max(64) })),

  'report.summary': call<T.ReportSummary>()(z.object({ run: id.optional() })),
  /** How many masks each choice would hand out, of these scans or of all. */
  'export.counts': call<T.ExportCounts>()(z.object({ run: id.optional(), scans: z.array(id).max(100_000).optional() })),
  'export.start': call<{ job: string }>()(
    z.object({
      folder,
      format: z.enum(EXPORT_FORMATS),
      /** Which masks; accepted ones alone without it, this run's predictions with `run`. */
      which: z.enum(EXPORT_CHOICES).optional(),
      run: id.optional(),
      scans: z.array(id).max(100_000).optional(),
      withRejected: z.boolean().optional(),
      /** Numbers for names, DICOM without identity, every file searched afterwards. */
      deidentify: z.enum(DATE_RULES).optional(),
    }),
  ),
} as const;

export type CallName = keyof typeof CALLS;
export type CallInput<N extends CallName> = z.input<(typeof CALLS)[N]['input']>;
export type CallResult<N extends CallName> = (typeof CALLS)[N] extends CallSpec<z.ZodType, infer R> ? R : never;

export const isCallName = (value: unknown): value is CallName =>
  typeof value === 'string' && Object.hasOwn(CALLS, value);
