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

/** For labels without a colour of their own, in this order. */
export const LABEL_HUES: readonly string[] = Object.values(HUE);

/** For curves and boxes on white paper, in this order; yellow is too light there. */
export const SERIES_HUES: readonly string[] = [HUE.blue, HUE.vermilion, HUE.green, HUE.purple, HUE.orange, HUE.skyBlue];
