/** What the trainer is given: reading and writing of files is not its business. */
import type { LabelMap, Volume } from '../../core/volume.ts';
import type { TrainerEvent } from '../../shared/training.ts';

export interface TrainerFiles {
  /** `part`: which volume of a file that holds several, from 0. */
  readVolume(path: string, part?: number): Promise<{ volume: Volume }>;
  readMask(path: string): Promise<LabelMap>;
  /** Atomic. */
  writeVolume(path: string, volume: Volume): Promise<void>;
  /** Bytes of a PNG of grey (1 channel) or RGB (3) pixels. */
  encodePng(picture: { width: number; height: number; channels: 1 | 3; pixels: Uint8Array }): Uint8Array;
}

export type Report = (event: TrainerEvent) => void;

/** Pause and cancel as the worker was told; jobs ask between steps and windows. */
export interface Control {
  readonly cancelled: boolean;
  readonly paused: boolean;
  /** Resolves when the job is resumed or cancelled. */
  whileParked(): Promise<void>;
}
