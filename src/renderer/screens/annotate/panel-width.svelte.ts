/** Width of the panel beside the planes, px: narrower where there is little room, and as the person left it. */
export class PanelWidth {
  static readonly least = 208;
  static readonly usual = 264;
  static readonly most = 480;
  /** Of a window narrower than this the panel takes less. */
  private static readonly narrow = 900;
  private static readonly key = 'decile.panel';

  width = $state(
    Number(localStorage.getItem(PanelWidth.key)) || (innerWidth < PanelWidth.narrow ? 224 : PanelWidth.usual),
  );

  /** As CSS: the planes keep most of the window. */
  readonly css = $derived(`min(${this.width}px, 38vw)`);

  readonly resize = (width: number): void => {
    this.width = width;
    localStorage.setItem(PanelWidth.key, String(width));
  };
}
