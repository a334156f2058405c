/** What stands below a plane of the voxel under the pointer. */
import type { ScanDetail } from '../../../shared/contract/index.ts';

/** What the text needs of the screen. */
interface ReadoutHost {
  readonly detail: Pick<ScanDetail, 'grid' | 'modality'> | null;
  readonly editor: {
    readonly mask: { readonly data: Uint8Array };
    readonly voxels: { readonly scan: { readonly data: ArrayLike<number> } };
  } | null;
  readonly labels: { readonly list: readonly { readonly value: number; readonly name: string }[] };
  readonly channels: {
    readonly list: readonly { readonly name: string; readonly kind: string }[];
    readonly name: string;
  };
}

/** Place (counted from 1, as slices are), value with its unit, channel and label; empty outside the scan. */
export function readout(
  { detail, editor, labels, channels }: ReadoutHost,
  at: readonly number[] | null | undefined,
): string {
  if (!at || !detail || !editor) return '';
  const { size } = detail.grid;
  if (at.some((c, axis) => c < 0 || c >= size[axis])) return '';
  const offset = at[0] + size[0] * (at[1] + size[1] * at[2]);
  const value = editor.voxels.scan.data[offset];
  const label = labels.list.find((one) => one.value === editor.mask.data[offset])?.name ?? '';
  const unit = valueUnit(detail, channels, channels.name);
  const shown = Number.isInteger(value) ? value : value.toPrecision(4);
  return `${at.map((c) => c + 1).join(', ')}   ${shown}${unit}   ${channels.name} ${label}`;
}

/** The unit of a scan's values with its blank; '' where they have none. @param name of the channel, '' where there is but one */
export function valueUnit(
  detail: Pick<ScanDetail, 'modality'> | null,
  channels: ReadoutHost['channels'],
  name: string,
): string {
  const channel = channels.list.find((one) => one.name === name);
  return (channel ? channel.kind === 'ct' : detail?.modality === 'CT') ? ' HU' : '';
}
