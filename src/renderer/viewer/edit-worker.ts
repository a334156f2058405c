/** Works whole-label operations of a large scan out beside the window, so that the picture never waits for them. */
import { type Edit, type Protection, undoEdit } from '../../core/edit/edit.ts';
import { type EditJob, jobEdit } from '../../core/edit/job.ts';
import type { LabelMap, Volume } from '../../core/volume.ts';

export type EditRequest =
  | { readonly kind: 'scan'; readonly scan: Volume }
  /** The mask is this worker's own; jobs change nothing of it. */
  | { readonly kind: 'mask'; readonly mask: LabelMap; readonly protection: Protection }
  | { readonly kind: 'job'; readonly ticket: number; readonly job: EditJob };

export type EditReply =
  | { readonly ticket: number; readonly part: number }
  | { readonly ticket: number; readonly edit: Edit | null }
  | { readonly ticket: number; readonly failure: { code: string; message: string; cure: string } };

/** Between two words of how far it is, ms. */
const QUIET = 100;

let scan: Volume | null = null;
let mask: LabelMap | null = null;
let protection: Protection = new Uint8Array(256);

const say = (reply: EditReply) => postMessage(reply);

addEventListener('message', ({ data }: MessageEvent<EditRequest>) => {
  if (data.kind === 'scan') scan = data.scan;
  else if (data.kind === 'mask') [mask, protection] = [data.mask, data.protection];
  else if (mask) work(mask, data.ticket, data.job);
});

function work(on: LabelMap, ticket: number, job: EditJob): void {
  let said = performance.now();
  const onPart = (part: number) => {
    if (performance.now() - said < QUIET) return;
    said = performance.now();
    say({ ticket, part });
  };
  try {
    const edit = jobEdit(on, protection, job, scan, onPart);
    if (edit) undoEdit(on, edit);
    say({ ticket, edit });
  } catch (error) {
    const {
      code = 'window/unforeseen',
      message,
      cure = '',
    } = error as { code?: string; message: string; cure?: string };
    say({ ticket, failure: { code, message, cure } });
  }
}
