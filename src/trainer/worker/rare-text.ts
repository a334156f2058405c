import type { SettledOptions } from '../../core/options.ts';

type Measures = Pick<SettledOptions, 'region'> & Partial<Pick<SettledOptions, 'smallStructures'>>;

/**
 * What is to be said, for people, of labels that patches from anywhere rarely hold: what is done about them, or what helps; null where there are none.
 * @param measures of the run; `smallStructures` is absent in runs of earlier versions
 * @param share of the patches that are drawn around labels
 */
export function rareText(names: readonly string[], measures: Measures, share: number): string | null {
  if (names.length === 0) return null;
  const rare = `Patches from anywhere rarely hold ${names.join(', ')}`;
  if (share > 0) return `${rare}: ${Math.round(100 * share)} % of them are drawn around labels.`;
  if (['few', 'on'].includes(measures.smallStructures ?? 'off') || measures.region === 'auto') return null;
  return `${rare}, which may stay unlearnt. Small structures (--small-structures few, or on where fourteen labelled scans or more have them) serve such labels.`;
}
