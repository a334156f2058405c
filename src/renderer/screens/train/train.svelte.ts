/** The Train screen: what will happen, the run in sight, its curves and pictures. */
import { type EngineName, LENGTHS, type LengthName, OPTIONS, type OptionRow } from '../../../core/options.ts';
import { defaultsFor, describeRule, type OptionValue, parseOption } from '../../../core/parse-option.ts';
import type { Curve, EvolutionFrame, RunInfo, TrainOutlook } from '../../../shared/contract/index.ts';
import type { TrainerEvent } from '../../../shared/training.ts';
import type { AppState } from '../../shell/app.svelte.ts';
import { ModelFiles } from './model-files.ts';

const EMPTY: Curve = { steps: [], losses: {}, lambda: [], learningRate: [], secondsPerStep: [], validation: [] };
/** The plan stands still for so long before a step is measured for it, ms. */
const PROBE_AFTER_MS = 1500;
/** Curves are asked for again at most so often. */
const REFRESH_MS = 500;

export class TrainState {
  plan = $state.raw<TrainOutlook | null>(null);
  runs = $state.raw<RunInfo[]>([]);
  /** The run that is shown. */
  shown = $state<number | null>(null);
  /** A second run, drawn dashed. */
  against = $state<number | null>(null);
  curve = $state.raw<Curve>(EMPTY);
  rival = $state.raw<Curve | null>(null);
  frames = $state.raw<EvolutionFrame[]>([]);
  /** Index into `frames`; the newest while null. */
  moment = $state<number | null>(null);
  playing = $state(false);
  cursor = $state<number | null>(null);
  /** Only what differs from the default. */
  changed = $state.raw<Record<string, OptionValue>>({});
  validation = $state(0);
  name = $state('');
  notes = $state('');
  advanced = $state(false);
  phase = $state('');
  /** What the phase says to researchers. */
  research = $state('');
  problems = $state.raw<Record<string, string>>({});
  /** What each length would be here. */
  lengths = $state.raw<Partial<Record<LengthName, TrainOutlook>>>({});
  /** A step is being measured, for the expected time. */
  probing = $state(false);
  readonly models: ModelFiles;
  private readonly app: AppState;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private probeTimer: ReturnType<typeof setTimeout> | null = null;
  private left = false;
  private player: ReturnType<typeof setInterval> | null = null;

  readonly run = $derived(this.runs.find((run) => run.id === this.shown) ?? null);
  readonly active = $derived(this.runs.find((run) => run.state === 'running' || run.state === 'paused') ?? null);
  readonly job = $derived.by(
    () =>
      this.app.jobs.find(
        (job) =>
          (job.kind === 'train' || job.kind === 'learn') &&
          job.run === this.shown &&
          (job.status === 'running' || job.status === 'paused'),
      ) ?? null,
  );
  readonly predicting = $derived.by(
    () => this.app.running.find(({ kind }) => kind === 'predict' || kind === 'learn') ?? null,
  );
  readonly frame = $derived(this.frames[this.moment ?? this.frames.length - 1] ?? null);

  constructor(app: AppState) {
    this.app = app;
    this.models = new ModelFiles(app, (run) => this.bring(run));
  }

  follow(): () => void {
    void this.reload();
    void this.replan();
    const ends = [
      this.app.client.on('train', ({ run, event }) => this.hear(run, event)),
      this.app.client.on('scans', () => {
        void this.replan();
        void this.reload();
      }),
    ];
    return () => {
      this.left = true;
      for (const end of ends) end();
      if (this.timer) clearTimeout(this.timer);
      if (this.probeTimer) clearTimeout(this.probeTimer);
      this.stop();
    };
  }

  private async reload(): Promise<void> {
    const runs = await this.app.attempt(() => this.app.client.call('runs.list'));
    if (!runs) return;
    this.runs = runs;
    if (this.shown === null || !this.run) await this.show((this.active ?? runs[0])?.id ?? null);
  }

  async replan(): Promise<void> {
    const { changed: options, validation } = this;
    const plan = await this.app.attempt(() => this.app.client.call('train.plan', { options, validation }));
    if (!plan) return;
    this.plan = plan;
    void this.planLengths();
    this.probeLater();
  }

  /** What is for research. While it is open no step is measured: what was chosen there is, once it is folded. */
  unfold(open: boolean): void {
    this.advanced = open;
    if (!open) this.probeLater();
  }

  private probeLater(): void {
    if (this.probeTimer) clearTimeout(this.probeTimer);
    // While options are being chosen every one of them would be measured: then it waits to be asked.
    if (this.canProbe && !this.advanced && !this.left)
      this.probeTimer = setTimeout(() => void this.probe(), PROBE_AFTER_MS);
  }

  /** How long each of the plain choices would take. */
  private async planLengths(): Promise<void> {
    const { changed, validation } = this;
    const { client } = this.app;
    const { steps: _told, ...others } = changed;
    const ask = async (length: LengthName) =>
      [length, await client.call('train.plan', { options: { ...others, length }, validation })] as const;
    const plans = await this.app.attempt(() => Promise.all(LENGTHS.map(ask)));
    if (plans && changed === this.changed) this.lengths = Object.fromEntries(plans);
  }

  /** Holds so many labelled scans out. */
  hold(scans: number): void {
    this.validation = scans;
    void this.replan();
  }

  /** The time is not known, and nothing else uses the device. */
  get canProbe(): boolean {
    const { plan } = this;
    return plan !== null && plan.seconds === null && plan.problems.length === 0 && !this.active && !this.predicting;
  }

  /** Measures a step of these options, so that the sentence can say how long training will take. */
  async probe(): Promise<void> {
    if (this.probing || !this.canProbe) return;
    const { changed: options, validation } = this;
    this.probing = true;
    try {
      const plan = await this.app.client.call('train.probe', { options, validation });
      if (options === this.changed && validation === this.validation) {
        this.plan = plan;
        await this.planLengths();
      }
    } catch {
      // An estimate is a convenience: what keeps training from starting is said by the plan and by the start.
    } finally {
      this.probing = false;
    }
    // What was chosen while that step was measured was not measured itself.
    if (options !== this.changed || validation !== this.validation) this.probeLater();
  }

  async show(run: number | null): Promise<void> {
    this.shown = run;
    this.moment = null;
    [this.phase, this.research] = ['', ''];
    this.curve = EMPTY;
    this.frames = [];
    await this.refresh();
  }

  async compare(run: number | null): Promise<void> {
    this.against = run;
    this.rival =
      run === null ? null : ((await this.app.attempt(() => this.app.client.call('train.curve', { run }))) ?? null);
  }

  private async refresh(): Promise<void> {
    const { shown: run } = this;
    if (run === null) return;
    const { client } = this.app;
    const [curve, frames] =
      (await this.app.attempt(() =>
        Promise.all([client.call('train.curve', { run }), client.call('train.evolution', { run })]),
      )) ?? [];
    if (run !== this.shown) return;
    if (curve) this.curve = curve;
    if (frames) this.frames = frames;
  }

  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.refresh();
    }, REFRESH_MS);
  }

  private hear(run: number, event: TrainerEvent): void {
    if (run !== this.shown) return;
    switch (event.type) {
      case 'preparing':
        this.phase = `Preparing scan ${event.done} of ${event.total}.`;
        break;
      case 'started':
        this.phase = `Started on ${event.device} with patches of ${event.patch.join(' × ')} voxels; ${event.parameters.toLocaleString('en')} parameters.`;
        void this.reload();
        break;
      case 'step':
        this.runs = this.runs.map((one) =>
          one.id === run ? { ...one, step: event.step, secondsPerStep: event.secondsPerStep } : one,
        );
        if (event.step % 10 === 1 || !this.phase.startsWith('Step')) {
          this.phase = stepWords(event, this.run?.steps);
          this.research = researchWords(event);
        }
        this.later();
        break;
      case 'validation':
        this.phase = `Step ${event.step}: validation Dice ${event.dice.toFixed(1)}.`;
        this.later();
        break;
      case 'calibrating':
        this.phase = `Calibrating expected Dice: short training ${event.fold} of ${event.folds}, step ${event.step} of ${event.steps}.`;
        break;
      case 'evolution':
        this.later();
        break;
      case 'paused':
      case 'resumed':
        this.runs = this.runs.map((one) =>
          one.id === run ? { ...one, state: event.type === 'paused' ? 'paused' : 'running' } : one,
        );
        break;
      case 'finished':
      case 'cancelled':
      case 'error':
        this.later();
        void this.reload();
        break;
      default:
        break;
    }
  }

  async start(): Promise<void> {
    const { changed: options, validation, name, notes } = this;
    const started = await this.app.attempt(() =>
      this.app.client.call('train.start', {
        options,
        validation,
        ...(name.trim() ? { name: name.trim() } : {}),
        ...(notes.trim() ? { notes: notes.trim() } : {}),
      }),
    );
    if (!started) return;
    // What was typed while the run started is the next one's.
    if (this.name === name) this.name = '';
    if (this.notes === notes) this.notes = '';
    // What it does now stands below them.
    this.advanced = false;
    await this.bring(started.run);
  }

  /** Puts a new run in sight. */
  private async bring(run: number): Promise<void> {
    this.shown = run;
    await this.reload();
    await this.show(run);
  }

  pause = () =>
    this.shown !== null && this.app.attempt(() => this.app.client.call('train.pause', { run: this.shown! }));
  resume = () =>
    this.shown !== null &&
    this.app.attempt(() => this.app.client.call('train.resume', { run: this.shown! }).then(() => this.reload()));
  cancel = () =>
    this.shown !== null && this.app.attempt(() => this.app.client.call('train.cancel', { run: this.shown! }));
  predict = (scans: 'all' | 'unlabelled') =>
    this.shown !== null &&
    this.app.attempt(() => this.app.client.call('predictions.start', { run: this.shown!, scans }));

  async keepNotes(notes: string): Promise<void> {
    const { shown: run } = this;
    if (run === null) return;
    await this.app.attempt(() => this.app.client.call('runs.notes', { run, notes }));
    this.runs = this.runs.map((one) => (one.id === run ? { ...one, notes } : one));
  }

  value(row: OptionRow): OptionValue {
    return (this.changed[row.key] ?? this.usual(row)) as OptionValue;
  }

  /** What a row has where nobody chose: other options may bring theirs along. */
  usual(row: OptionRow): OptionValue {
    return defaultsFor(this.settled(this.changed))[row.key] as OptionValue;
  }

  /** With what the plan came to for small structures, where nobody chose. */
  private settled(changed: Record<string, OptionValue>): Parameters<typeof defaultsFor>[0] {
    return { smallStructures: this.plan?.smallStructures ?? 'off', ...changed };
  }

  /** Takes what was typed; what does not fit the row's rule is told beside it and not taken. */
  set(row: OptionRow, text: string): void {
    let value: OptionValue;
    try {
      value = parseOption(row, text);
      this.problems = { ...this.problems, [row.key]: '' };
    } catch {
      this.problems = { ...this.problems, [row.key]: describeRule(row.rule) };
      return;
    }
    const { [row.key]: _before, ...others } = this.changed;
    const usual = defaultsFor(this.settled(others))[row.key];
    this.changed = JSON.stringify(value) === JSON.stringify(usual) ? others : { ...others, [row.key]: value };
    void this.replan();
  }

  /** A planned length in the place of steps that were told. */
  take(length: LengthName): void {
    const { steps: _told, ...others } = this.changed;
    this.changed = others;
    this.problems = { ...this.problems, steps: '' };
    this.set(OPTIONS.find(({ key }) => key === 'length') as OptionRow, length);
  }

  reset(): void {
    this.changed = {};
    this.problems = {};
    void this.replan();
  }

  get invalid(): boolean {
    return Object.values(this.problems).some((problem) => problem !== '');
  }

  play(): void {
    if (this.playing) {
      this.stop();
      return;
    }
    this.playing = true;
    if (this.moment === null || this.moment >= this.frames.length - 1) this.moment = 0;
    this.player = setInterval(() => {
      if (this.moment === null || this.moment >= this.frames.length - 1) this.stop();
      else this.moment++;
    }, 500);
  }

  private stop(): void {
    if (this.player) clearInterval(this.player);
    this.player = null;
    this.playing = false;
  }
}

export const ENGINE_TEXTS: Record<EngineName, string> = {
  auto: 'the fastest here',
  tensorflow: 'TensorFlow, on the processor or GPU',
  webgpu: 'the graphics card (WebGPU)',
  simd: 'the processor (WebAssembly)',
  cpu: 'the processor, plain and slow',
};

export const BASIC = OPTIONS.filter((row) => !row.advanced);
export const ADVANCED = OPTIONS.filter((row) => row.advanced);

type StepEvent = Extract<TrainerEvent, { type: 'step' }>;

const stepWords = (event: StepEvent, steps: number | undefined): string =>
  `Step ${event.step.toLocaleString('en')}${steps ? ` of ${steps.toLocaleString('en')}` : ''}, ${event.secondsPerStep.toFixed(2)} s each.`;

function researchWords(event: StepEvent): string {
  const skipped = Object.entries(event.skipped).filter(([, count]) => count > 0);
  const left = skipped.length
    ? ` Left out so far for want of the class: ${skipped.map(([term, count]) => `${term} in ${count} steps`).join(', ')}.`
    : '';
  return `The consistency terms weigh ${event.lambda.toPrecision(2)}.${left}`;
}
