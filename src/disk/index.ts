/** Files and folders: written whole, flushed, readable by their owner alone, swept, walked, and their failures in words. */
export { DISK_FAILURES, doingError, fileError } from './failures.ts';
export { flushFolder, makeFolder } from './folders.ts';
export { FILE_MODE } from './modes.ts';
export { isAlive, isLeftover, sweepLeftovers, temporaryFolder, temporaryPath } from './temporary.ts';
export { listFolder, type WalkOptions, walkFiles, walkFilesSync } from './walk.ts';
export {
  copyFileAtomic,
  moveIntoPlace,
  ownFile,
  streamFileAtomic,
  writeAll,
  writeFileAtomic,
} from './write.ts';
