/** Scans that their headers call another kind, or another part of the body, than the project is for. */
import { type BodyRegion, commonRegions, regionsOf, regionsOfPreset } from '../../../core/body-regions.ts';
import { kindOfPreset } from '../../../core/model-channels.ts';
import type { Scan, Store } from '../../store/index.ts';
import { keptProvenance } from '../export/provenance.ts';

/** What headers call the kinds of scans. */
const MODALITIES = { ct: ['CT'], mr: ['MR'], pet: ['PT'] } as const;
const KNOWN = ['CT', 'MR', 'PT'];

/** A scan that does not belong, and why: "MR in a project of CT", "head in a project of abdomen". */
export interface OtherKind {
  scan: number;
  name: string;
  why: string;
}

/** Those of the added scans that do not belong. What is compared with is the preset, else what most of all scans show. */
export function otherKinds(store: Store, added: readonly Scan[]): OtherKind[] {
  if (added.length === 0) return [];
  const { preset } = store.project.get();
  const kind = kindOfPreset(preset);
  const shown = (scan: Scan): BodyRegion[] =>
    regionsOf(keptProvenance(store, scan.id)?.bodyPart ?? '', scan.description);
  const named = regionsOfPreset(preset);
  const own = named.length > 0 ? named : commonRegions(store.scans.list().map(shown));
  return added.flatMap((scan): OtherKind[] => {
    const { id, name, modality } = scan;
    if (KNOWN.includes(modality) && !(MODALITIES[kind] as readonly string[]).includes(modality))
      return [{ scan: id, name, why: `${modality} in a project of ${kind.toUpperCase()}` }];
    const regions = shown(scan);
    if (own.length === 0 || regions.length === 0 || regions.some((region) => own.includes(region))) return [];
    return [{ scan: id, name, why: `${regions.join(' and ')} in a project of ${own.join(' and ')}` }];
  });
}

/** Leaves them out of training, until a person takes them in. @returns what to say, null where there is none */
export function leaveOutOthers(store: Store, others: readonly OtherKind[]): string | null {
  if (others.length === 0) return null;
  store.transaction(() => {
    for (const { scan, why } of others) store.scans.setLeftOut(scan, why);
  });
  const named = others.slice(0, 5).map(({ name, why }) => `${name} (${why})`);
  const more = others.length > 5 ? ` and ${others.length - 5} more` : '';
  return `By their headers ${others.length} ${others.length === 1 ? 'scan is' : 'scans are'} of another kind or part of the body than the project: ${named.join(', ')}${more}. They are left out of training until you take them in.`;
}
