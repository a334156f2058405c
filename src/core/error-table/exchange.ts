/** Errors of this part of docs/reference/errors.md: De-identification and DICOMweb. */
import type { ErrorRow } from './row.ts';

export const exchangeErrors = {
  'deid/burned-in': {
    when: 'An image has text in its pixels',
    message: '<path> must not show text in its pixels, got <value>.',
    cure: 'Leave it out',
  },
  'deid/not-an-image': {
    when: 'An object of free text or captures',
    message: '<path> must be a CT, MR, PET, segmentation or structure set object, got <value>.',
    cure: 'Leave it out',
  },
  'deid/pixels': {
    when: 'Compressed pixels, or a look-up table, that cannot be rid of what is no image',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Leave it out, or convert it to an uncompressed transfer syntax',
  },
  'dicomweb/address': {
    when: 'The address of the server is no web address',
    message: 'The server’s address must <be as expected>, got <value>.',
    cure: '`https://host/path`',
  },
  'dicomweb/unreachable': {
    when: 'The server does not answer',
    message: '<server> must answer, got <what the system said>.',
    cure: 'Check address and network',
  },
  'dicomweb/denied': {
    when: 'The server refuses access',
    message: '<server> must answer with success, got <status>.',
    cure: 'Check the credentials',
  },
  'dicomweb/answer': {
    when: 'The server answers with something else',
    message: '<server> must <be as expected>, got <value>.',
    cure: 'Check address and its log',
  },
  'dicomweb/incomplete': {
    when: 'Series or objects are missing of what the server says that it holds',
    message: '<server> must give all <number> objects of <series or study>, got <how many>.',
    cure: 'Try again later, or look into its log; nothing of the series was imported',
  },
  'dicomweb/refused': {
    when: 'The server did not take all objects',
    message: '<server> must take all <number> objects, got <failed> refused.',
    cure: 'See its log',
  },
  'dicomweb/uid': {
    when: 'A UID is not made of digits and dots',
    message: 'A UID must be digits and dots, got <value>.',
    cure: 'Copy it from the archive',
  },
  'dicomweb/nothing': {
    when: 'The server holds no CT, MR or PET series of the study asked for',
    message: '<server> must hold CT, MR or PET series of the study, got none in <value> studies.',
    cure: 'Check the UID or the search',
  },
} as const satisfies Record<string, ErrorRow>;
