/** Errors of this part of docs/reference/errors.md: Files. */
import type { ErrorRow } from './row.ts';

export const fileErrors = {
  'disk/full': {
    when: 'The disk is full; nothing was left half-written',
    message: '<what> must have room on the disk, got <value>.',
    cure: 'Free some space and try again',
  },
  'disk/read-only': {
    when: 'The folder cannot be written',
    message: '<what> must be able to write, got <what the system said>.',
    cure: 'Choose another folder',
  },
  'disk/failed': {
    when: 'The disk reports an error',
    message: '<what> must be able to read and write the disk, got <what the system said>.',
    cure: 'Check that it is connected',
  },
  'file/missing': {
    when: 'A path does not exist',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Check the path and the drive',
  },
  'file/no-permission': {
    when: 'A path may not be read or written',
    message: '<path> must be accessible, got <value>.',
    cure: 'Change the permissions',
  },
  'file/read-only': {
    when: 'The drive is read-only',
    message: '<path> must be writable, got a read-only drive.',
    cure: 'Choose another folder',
  },
  'file/packed': {
    when: 'A zip or other archive lies in the folder',
    message: '<path> must be unpacked, got an archive whose contents were not looked at.',
    cure: 'Unpack it and import the folder',
  },
  'file/is-folder': {
    when: 'A folder stands where a file is needed',
    message: '<path> must <be as expected>, got <value>.',
    cure: 'Name a file',
  },
  'file/link-loop': {
    when: 'Symbolic links lead in a circle',
    message: '<path> must lead to a file, got symbolic links in a circle.',
    cure: 'Remove the link',
  },
  'file/link-outside': {
    when: 'A link leads out of the folder, and `--follow-links` was not given; it was not followed',
    message: '<path> must stay below <folder>, got a link out of it.',
    cure: 'Copy what it leads to into the folder, or add `--follow-links`',
  },
  'file/name-too-long': {
    when: 'The path is longer than the system accepts',
    message: '<path> must be a path that the system accepts, got one that is too long.',
    cure: 'Shorten it',
  },
  'file/disk-full': {
    when: 'No space left; nothing was overwritten',
    message: '<path> must have room on the disk, got <value>.',
    cure: 'Free some space',
  },
  'file/unreadable': {
    when: 'The system cannot read a file',
    message: '<path> must <be as expected>, got <value>.',
    cure: 'Check drive and network',
  },
} as const satisfies Record<string, ErrorRow>;
