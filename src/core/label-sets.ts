/** Labels that many projects begin with; their coded terms follow from their names (terms.ts), their colours from their order. */
const sided = (name: string): string[] => [`left ${name}`, `right ${name}`];
const vertebrae = (letter: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `vertebra ${letter}${from + n}`);

export const LABEL_SETS = {
  kidneys: sided('kidney'),
  liver: ['liver'],
  spleen: ['spleen'],
  'lung-lobes': [
    'left upper lobe of lung',
    'left lower lobe of lung',
    'right upper lobe of lung',
    'middle lobe of right lung',
    'right lower lobe of lung',
  ],
  vertebrae: [...vertebrae('C', 1, 7), ...vertebrae('T', 1, 12), ...vertebrae('L', 1, 5)],
  'heart-chambers': ['left atrium', 'right atrium', 'left ventricle', 'right ventricle'],
  'brain-lesion': ['brain lesion'],
} as const satisfies Record<string, readonly string[]>;
export type LabelSetName = keyof typeof LABEL_SETS;
export const LABEL_SET_NAMES = Object.keys(LABEL_SETS) as LabelSetName[];
