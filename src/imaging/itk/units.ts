/** Units of length as headers write them. */

const MILLIMETRES = new Map<string, number>(Object.entries({
  '': 1, '?': 1, '???': 1, mm: 1, millimeter: 1, millimetre: 1, millimeters: 1, millimetres: 1,
  cm: 10, centimeter: 10, centimetre: 10, dm: 100, m: 1000, meter: 1000, metre: 1000, meters: 1000, metres: 1000,
  um: 1e-3, 'µm': 1e-3, 'μm': 1e-3, micron: 1e-3, microns: 1e-3, micrometer: 1e-3, micrometre: 1e-3,
  nm: 1e-6, nanometer: 1e-6, nanometre: 1e-6, in: 25.4, inch: 25.4,
})); // biome-ignore format: a table

/** Millimetres of one unit, 1 where it is not stated, undefined for what is no length. */
export const unitScale = (unit: string): number | undefined => MILLIMETRES.get(unit.trim().toLowerCase());
