/** Files and folders: written whole, flushed, readable by their owner alone, swept, walked, and their failures in words. */
export { DISK_FAILURES, doingError, fileError } from './failures.ts';
export { FILE_MODE, FOLDER_MODE } from './modes.ts';
export { isLeftover, type SweepOptions, sweepLeftovers, temporaryFolder, temporaryPath } from './temporary.ts';
export { type FolderEntry, listFolder, type WalkOptions, walkFiles, walkFilesSync } from './walk.ts';
export {
  copyFileAtomic,
  flushFolder,
  makeFolder,
  moveIntoPlace,
  streamFileAtomic,
  type WriteOptions,
  writeAll,
  writeFileAtomic,
} from './write.ts';
