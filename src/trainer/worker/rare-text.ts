import type { SettledOptions } from '../../core/options.ts';

/**
 * What is to be said, for people, of labels that patches from anywhere rarely hold: what is done about them, or what helps; null where there are none.
 * @param options its `foregroundShare`: the one that patches are drawn by; `smallStructures` is absent in runs of earlier versions
 */
export function rareText(
  names: readonly string[],
  {
    foregroundShare,
    region,
    smallStructures,
  }: Pick<SettledOptions, 'region'> & Partial<Pick<SettledOptions, 'smallStructures'>> & { foregroundShare: number },
): string | null {
  if (names.length === 0) return null;
  const rare = `Patches from anywhere rarely hold ${names.join(', ')}`;
  if (smallStructures === 'on' || region === 'auto' || foregroundShare > 0)
    return foregroundShare > 0
      ? `${rare}: ${Math.round(100 * foregroundShare)} % of them are drawn around labels.`
      : null;
  return `${rare}: it may stay unlearnt. Small structures on (--small-structures on) serves such labels, where ten or more labelled scans have them.`;
}
