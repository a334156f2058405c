/** Scans that training does not see, neither labelled nor unlabelled; nothing of them is deleted. */
import { kindOfPreset } from '../../../core/model-channels.ts';
import type { Scan, Store } from '../../store/index.ts';

/** Leaves scans out for a reason, all or none; takes them in again with an empty one. */
export function leaveOut(store: Store, scans: readonly Scan[], reason: string): { scan: string; leftOut: string }[] {
  return store.transaction(() =>
    scans.map(({ id }) => {
      const { name, leftOut } = store.scans.setLeftOut(id, reason.trim());
      return { scan: name, leftOut };
    }),
  );
}

/** What headers call the kinds of scans. */
const MODALITIES = { ct: ['CT'], mr: ['MR'], pet: ['PT'] } as const;
const KINDS = { CT: 'ct', MR: 'mr', PT: 'pet' } as const;

/** Leaves out what its header calls another kind of scan than the project is for, until a person takes it in. @returns what to say */
export function leaveOutOthers(store: Store, added: readonly Scan[]): string | null {
  const kind = kindOfPreset(store.project.get().preset);
  const others = added.filter(
    ({ modality }) => modality in KINDS && !(MODALITIES[kind] as readonly string[]).includes(modality),
  );
  if (others.length === 0) return null;
  const own = kind.toUpperCase();
  for (const { id, modality } of others) store.scans.setLeftOut(id, `${modality} in a project of ${own}`);
  const names = others.map(({ name }) => name);
  return `The project is of ${own}, and the headers of ${names.length} scans say otherwise: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}. They are left out of training until you take them in.`;
}
