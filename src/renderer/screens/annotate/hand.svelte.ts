/** The key of the last tool: tapped it changes the tool, held it moves the picture under the pointer. */
export class Hand {
  /** `used`: the picture was moved while it was held. */
  state = $state<'free' | 'held' | 'used'>('free');
  /** The key on the keyboard that is held, whatever modifiers come and go. */
  private code = '';

  get held(): boolean {
    return this.state !== 'free';
  }

  down({ code, repeat }: Pick<KeyboardEvent, 'code' | 'repeat'>): void {
    if (repeat || this.held) return;
    this.code = code;
    this.state = 'held';
  }

  /** True where the key was tapped: nothing was moved since it went down. */
  up({ code }: Pick<KeyboardEvent, 'code'>): boolean {
    if (!this.held || code !== this.code) return false;
    const tapped = this.state === 'held';
    this.state = 'free';
    return tapped;
  }

  use(): void {
    if (this.held) this.state = 'used';
  }

  /** The window lost the keyboard: nobody will say when the key goes up. */
  drop(): void {
    this.state = 'free';
  }
}
