/** The worker that works out operations on the open case's mask: how far each is, and its end at once where it is given up. */
import type { Edit, Protection } from '../../core/edit/edit.ts';
import type { EditJob } from '../../core/edit/job.ts';
import { type LabelMap, type Volume, type VoxelArray, voxelCount } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { EditReply, EditRequest } from './edit-worker.ts';

/** Voxels of a scan from which operations are worked out beside the window. */
const LARGE = 8e6;

export const isLarge = (mask: LabelMap): boolean => voxelCount(mask) >= LARGE;

/** A grid with voxels and nothing else: what can be sent to a worker. */
const plain = <T extends VoxelArray>({ size, spacing, origin, direction, data }: Volume<T>): Volume<T> => ({
  ...{ size, spacing, origin, direction, data },
});

export class EditAnswers {
  private worker: Worker | null = null;
  private scan: Volume | null = null;
  private ticket = 0;
  private waiting: { resolve(edit: Edit | null | undefined): void; reject(error: unknown): void } | null = null;
  private readonly onPart: (part: number) => void;

  constructor(onPart: (part: number) => void) {
    this.onPart = onPart;
  }

  /** The mask as it is now, which jobs start from, and what they must leave alone. */
  begin(mask: LabelMap, protection: Protection, scan: Volume | null): void {
    this.worker ??= this.start();
    if (scan && scan !== this.scan) this.send({ kind: 'scan', scan: plain(scan) });
    this.scan = scan ?? this.scan;
    this.send({ kind: 'mask', mask: plain(mask), protection });
  }

  /** What a job changes, null where nothing; undefined where it was given up, or a later job came. */
  ask(job: EditJob): Promise<Edit | null | undefined> {
    this.waiting?.resolve(undefined);
    const ticket = ++this.ticket;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.send({ kind: 'job', ticket, job });
    });
  }

  /** Gives up whatever is being worked out, at once. */
  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.scan = null;
    this.waiting?.resolve(undefined);
    this.waiting = null;
  }

  private start(): Worker {
    const worker = new Worker(new URL('./edit-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<EditReply>) => this.heard(data));
    worker.addEventListener('error', (event) => {
      const { waiting } = this;
      this.waiting = null;
      this.stop();
      waiting?.reject(new Error(event.message));
    });
    return worker;
  }

  private send(request: EditRequest): void {
    this.worker?.postMessage(request);
  }

  private heard(reply: EditReply): void {
    if (reply.ticket !== this.ticket || !this.waiting) return;
    if ('part' in reply) {
      this.onPart(reply.part);
      return;
    }
    const { resolve, reject } = this.waiting;
    this.waiting = null;
    if ('failure' in reply) {
      const { code, message, cure } = reply.failure;
      reject(new DecileError(code as DecileError['code'], message, cure));
    } else resolve(reply.edit);
  }
}
