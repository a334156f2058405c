/** A scripted user's hand: mouse and keyboard of a page, with everything counted. */
import type { Locator, Page } from 'playwright-core';

export class Hand {
  private readonly page: Page;
  private readonly started = performance.now();
  private clicks = 0;
  private keys = 0;
  private travel = 0;
  private at: [number, number] = [640, 360];

  constructor(page: Page) {
    this.page = page;
  }

  async move(x: number, y: number, steps = 1): Promise<void> {
    this.travel += Math.hypot(x - this.at[0], y - this.at[1]);
    this.at = [x, y];
    await this.page.mouse.move(x, y, { steps });
  }

  /** Clicks the middle of an element, once it is there. */
  async click(target: Locator): Promise<void> {
    await target.waitFor();
    // What lies below the edge of a dialog is turned into sight by the wheel.
    await target.scrollIntoViewIfNeeded();
    const box = await target.boundingBox();
    if (!box) throw new Error(`What is clicked must be on the screen, got ${target}.`);
    await this.move(box.x + box.width / 2, box.y + box.height / 2);
    this.clicks++;
    await this.page.mouse.down();
    await this.page.mouse.up();
  }

  /** One press of the left button from the first place to the last. */
  async drag(points: readonly (readonly [number, number])[]): Promise<void> {
    await this.move(...points[0]);
    this.clicks++;
    await this.page.mouse.down();
    for (const point of points.slice(1)) await this.move(...point);
    await this.page.mouse.up();
  }

  async wheel(notches: number): Promise<void> {
    for (let n = 0; n < Math.abs(notches); n++) await this.page.mouse.wheel(0, 100 * Math.sign(notches));
  }

  /** A chord is one press. */
  async press(chord: string): Promise<void> {
    this.keys++;
    await this.page.keyboard.press(chord);
  }

  count(): { clicks: number; keys: number; travel: number; seconds: number } {
    const seconds = Math.round((performance.now() - this.started) / 100) / 10;
    return { clicks: this.clicks, keys: this.keys, travel: Math.round(this.travel), seconds };
  }
}
