/** Colours on the image: label hues, the uncertainty map, the difference overlay. Packed pixels are little-endian RGBA. */

import { NOT_DRAWN } from '../../core/volume.ts';

export type Rgb = readonly [red: number, green: number, blue: number];

/** Voxels that a correction added to a prediction, and took from it. */
export const ADDED: Rgb = [63, 185, 80];
export const REMOVED: Rgb = [248, 81, 73];

export function parseColour(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export const pack = ([red, green, blue]: Rgb, alpha = 255): number =>
  ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** Cividis at nine places (Nunez, Anderton and Renslow, 2018), linear in between. */
const CIVIDIS: readonly Rgb[] = [
  [0, 32, 76],
  [0, 48, 111],
  [57, 71, 108],
  [87, 93, 109],
  [112, 115, 115],
  [138, 138, 119],
  [166, 161, 117],
  [196, 186, 105],
  [255, 233, 69],
];

/** Cividis at t in 0..1. */
export function cividis(t: number): Rgb {
  const at = Math.min(1, Math.max(0, t)) * (CIVIDIS.length - 1);
  const low = Math.min(CIVIDIS.length - 2, Math.floor(at));
  const rest = at - low;
  return [0, 1, 2].map((c) =>
    Math.round(CIVIDIS[low][c] + rest * (CIVIDIS[low + 1][c] - CIVIDIS[low][c])),
  ) as unknown as Rgb;
}

/** Of the uncertainty in 0..1: the middle of cividis is the grey of a scan, so it is passed early. */
const heatPlace = (uncertainty: number): number => uncertainty ** 0.5;

/** 256 packed colours of the heat map: clear where certain, opaque yellow where not. */
export const HEAT: Uint32Array = Uint32Array.from({ length: 256 }, (_, n) =>
  pack(cividis(heatPlace(n / 255)), Math.round(235 * Math.min(1, n / 40))),
);

/** A veil over what nobody drew, fainter than any label. */
const VEIL = pack([125, 136, 150], 90);

/** Packed colour of each label value, and of what nobody drew while a label is shown; labels that are hidden or unknown stay clear. */
export function labelTable(labels: readonly { value: number; colour: string; visible: boolean }[]): Uint32Array {
  const table = new Uint32Array(256);
  if (labels.some(({ visible }) => visible)) table[NOT_DRAWN] = VEIL;
  for (const { value, colour, visible } of labels) if (visible) table[value] = pack(parseColour(colour));
  return table;
}
