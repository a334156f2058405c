/** Edits of the open case that are still drawn or worked out: what decides the case, leaves it or looks at its mask comes after them. */
import type { UnfinishedEdits } from '../../shell/unfinished-edits.ts';

/** How one ended: kept, or given up by hand; `error`: why it could not be kept. */
export interface Outcome {
  readonly kept: boolean;
  readonly error?: unknown;
}

export interface UnfinishedEdit {
  readonly name: string;
  /** Never rejects. */
  readonly done: Promise<Outcome>;
  giveUp(): void;
}

/** What it needs of the screen. */
export interface UnfinishedHost {
  readonly editor: { readonly painting: boolean; strokeEnded(): Promise<void> } | null;
  /** A clicked mask that is not taken yet. */
  readonly click: { take(): boolean };
  notice: { text: string; cure: string } | null;
  refuse(error: unknown): void;
}

export class Unfinished {
  edits = $state.raw<readonly UnfinishedEdit[]>([]);
  /** How much waits for them. */
  private waiting = $state(0);
  private left = false;
  private readonly screen: UnfinishedHost;
  private readonly tell: (edits: UnfinishedEdits | null) => void;

  /** @param tell hears what is being worked out, null where nothing is */
  constructor(screen: UnfinishedHost, tell: (edits: UnfinishedEdits | null) => void) {
    this.screen = screen;
    this.tell = tell;
  }

  /** The screen is no more: what goes on is shown around the next. */
  leave(): void {
    this.left = true;
    this.told();
  }

  private told(): void {
    const [edit] = this.edits;
    const { left } = this;
    this.tell(edit ? { name: edit.name, left, settled: () => this.settled(), giveUp: () => this.giveUp() } : null);
  }

  /** The edit that something waits for; null where nothing waits. */
  get finishing(): string | null {
    return this.waiting > 0 ? (this.edits[0]?.name ?? null) : null;
  }

  /** Notes an edit until its end, and says why where it could not be kept. */
  add(name: string, work: Promise<Outcome>, giveUp: () => void): Promise<Outcome> {
    const done = work
      .catch((error: unknown): Outcome => ({ kept: false, error }))
      .then((outcome) => {
        this.edits = this.edits.filter((other) => other !== edit);
        if (outcome.error !== undefined) this.screen.refuse(outcome.error);
        this.told();
        return outcome;
      });
    const edit: UnfinishedEdit = { name, done, giveUp };
    this.edits = [...this.edits, edit];
    this.told();
    return done;
  }

  /** Takes a clicked mask and resolves once every edit came to its end, with those that were not kept. */
  async settled(): Promise<{ name: string; error?: unknown }[]> {
    const lost: { name: string; error?: unknown }[] = [];
    this.screen.click.take();
    this.waiting++;
    try {
      for (let [edit] = this.edits; edit; [edit] = this.edits) {
        const { kept, error } = await edit.done;
        if (!kept) lost.push({ name: edit.name, ...(error !== undefined && { error }) });
      }
    } finally {
      this.waiting--;
    }
    return lost;
  }

  /** Waits for every edit; false, and it is said, where one was not kept: what was to be decided on is not what was asked for. */
  async decidable(): Promise<boolean> {
    const lost = await this.settled();
    // What the hand is drawing belongs to what is decided on.
    await this.screen.editor?.strokeEnded();
    const [first] = lost;
    if (first && lost.every(({ error }) => error === undefined))
      this.screen.notice = {
        text: `${first.name} was given up: the case is not decided.`,
        cure: 'Decide again on the mask as it is.',
      };
    return lost.length === 0;
  }

  /** Does `act` at once where nothing is being worked out, otherwise once all of it is kept and the same case is open. */
  decideThen(act: () => void): void {
    const { editor, click } = this.screen;
    click.take();
    if (this.edits.length === 0 && !editor?.painting) act();
    else
      void this.decidable().then((may) => {
        if (may && this.screen.editor === editor) act();
      });
  }

  giveUp(): void {
    for (const edit of this.edits) edit.giveUp();
  }
}
