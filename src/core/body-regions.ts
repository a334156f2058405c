/** Regions of the body as headers and descriptions of series name them. */
import type { PresetName } from './training-options.ts';

const REGIONS = ['head', 'neck', 'chest', 'abdomen', 'pelvis', 'spine', 'arm', 'leg'] as const;
export type BodyRegion = (typeof REGIONS)[number];

/** Stems that stand anywhere in BodyPartExamined, whose compound values have no separators (CHESTABDPELVIS). */
const STEMS: Record<BodyRegion, RegExp> = {
  head: /head|brain|skull|orbit|face|facial|cranium|sella|pituitary|sinus|maxilla|mandible|temporalbone|iac/,
  neck: /neck|larynx|pharynx|thyroid|carotid/,
  chest: /chest|thorax|lung|heart|cardiac|breast|mediastin|coronaryart|rib/,
  abdomen: /abd|liver|kidney|pancreas|spleen|adrenal|gallbladder|renal/,
  pelvis: /pelvi|prostate|bladder|uterus|rectum|ovar|hip/,
  spine: /spine|vertebra|sacrum/,
  arm: /arm|shoulder|humerus|elbow|hand|wrist|finger|clavicle/,
  leg: /knee|femur|thigh|tibia|fibula|ankle|foot|calf|toe|calcaneus/,
};

/** Words of descriptions that name one region beyond doubt. */
const WORDS: Record<BodyRegion, string> = {
  head: 'head|brain|skull|kopf|schädel|schaedel|neurocranium|cerebrum|cerveau|crâne|cabeza|cerebro',
  neck: 'neck|hals|larynx',
  chest: 'chest|thorax|lung|lungs|lunge|cardiac|heart|breast|mamma|poumon',
  abdomen: 'abdomen|abd|abdo|liver|kidney|kidneys|renal|pancreas|leber|niere|nieren|foie|rein|hígado|riñón',
  pelvis: 'pelvis|prostate|prostata|becken|uterus|rectum',
  spine: 'spine|lspine|cspine|tspine|lumbar|lws|bws|hws|wirbelsäule',
  arm: 'shoulder|schulter|elbow|ellbogen|wrist|hand|humerus',
  leg: 'knee|knie|femur|tibia|ankle|foot|fuss|fuß|genou|rodilla',
};
const ANY_WORD = Object.fromEntries(
  REGIONS.map((region) => [region, new RegExp(`(?<![\\p{L}])(${WORDS[region]})(?![\\p{L}])`, 'u')]),
) as Record<BodyRegion, RegExp>;

/**
 * The regions that a series shows; none where that is not known or it shows the whole body.
 * @param bodyPart (0018,0015) BodyPartExamined, which counts where it says something
 * @param description read word by word where the header says nothing
 */
export function regionsOf(bodyPart: string, description: string): BodyRegion[] {
  const part = bodyPart.toLowerCase().replace(/[^a-z]/g, '');
  if (/whole|body/.test(part)) return [];
  const byHeader = REGIONS.filter((region) => STEMS[region].test(part));
  if (byHeader.length > 0) return byHeader;
  const text = description.toLowerCase().replaceAll('_', ' ');
  return REGIONS.filter((region) => ANY_WORD[region].test(text));
}

/** The regions that a project's kind of scans names; none where it names none. */
export function regionsOfPreset(preset: PresetName): BodyRegion[] {
  if (preset === 'ct-kidney' || preset === 'ct-abdomen') return ['abdomen', 'pelvis'];
  if (preset === 'ct-lung') return ['chest'];
  if (preset === 'ct-head' || preset === 'mr-flair') return ['head'];
  return [];
}

/**
 * What most scans show: regions of more than half of those that say so, at least two; none without such a majority.
 * @param scans regions of each scan
 */
export function commonRegions(scans: readonly (readonly BodyRegion[])[]): BodyRegion[] {
  const known = scans.filter((regions) => regions.length > 0);
  return REGIONS.filter((region) => {
    const count = known.filter((regions) => regions.includes(region)).length;
    return count >= 2 && 2 * count > known.length;
  });
}
