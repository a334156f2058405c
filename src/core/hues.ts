/** Colours that colour-blind readers tell apart too (Okabe and Ito, 2008), as #rrggbb. */
export const HUE = {
  orange: '#e69f00',
  skyBlue: '#56b4e9',
  green: '#009e73',
  purple: '#cc79a7',
  vermilion: '#d55e00',
  blue: '#0072b2',
  yellow: '#f0e442',
  grey: '#999999',
} as const;

/**
 * For labels without a colour of their own, in this order. The first six are those of Okabe and Ito; each further one is the
 * farthest in CIELAB from those before it, from grey (chroma of 37 at least), from the uncertainty map and from the overlay of
 * differences, so that a 16th label is told apart too.
 */
export const LABEL_HUES: readonly string[] = [
  ...[HUE.orange, HUE.skyBlue, HUE.green, HUE.purple, HUE.vermilion, HUE.blue],
  ...['#6900ff', '#ff00d2', '#00ff00', '#ff005a', '#0069ff', '#963cb4', '#a53c3c', '#00f0f0', '#4b6900', '#a5f03c'],
];

/** For curves and boxes on white paper, in this order; yellow is too light there. */
export const SERIES_HUES: readonly string[] = [HUE.blue, HUE.vermilion, HUE.green, HUE.purple, HUE.orange, HUE.skyBlue];
