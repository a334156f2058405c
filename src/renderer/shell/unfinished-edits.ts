/** Edits of a case that are still being worked out, as what surrounds the screens hears of them. */
export interface UnfinishedEdits {
  /** Of the one that ends first. */
  readonly name: string;
  /** The screen of the case was left; it is left with them. */
  readonly left: boolean;
  /** Resolves once all came to their end. */
  settled(): Promise<unknown>;
  giveUp(): void;
}
