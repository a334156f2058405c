/** The seeds of click-to-mask as one slice shows them. */
import { type Axis, indexOf } from '../../../core/edit/planes.ts';
import type { ShownMark } from '../../viewer/plane-overlay.ts';
import type { ShownSeed } from './click-tool.svelte.ts';

/** What the marks need of the screen. */
interface SeedsHost {
  readonly editor: { readonly mask: { readonly size: readonly [number, number, number] } } | null;
  readonly click: { readonly seeds: readonly ShownSeed[] };
  readonly labels: { readonly list: readonly { readonly value: number; readonly colour: string }[] };
}

/** A mark for each seed that has a voxel on the slice, at the middle one of those. */
export function seedsOn({ editor, click, labels }: SeedsHost, normal: Axis, slice: number): ShownMark[] {
  if (!editor) return [];
  return click.seeds.flatMap(({ voxels, inside, label }) => {
    const here = voxels.map((v) => indexOf(editor.mask.size, v)).filter((index) => index[normal] === slice);
    if (here.length === 0) return [];
    const colour = labels.list.find(({ value }) => value === label)?.colour ?? '#ffffff';
    return [{ at: here[here.length >> 1], inside, colour }];
  });
}
