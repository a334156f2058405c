/** The flags by which commands reach a DICOMweb server. */
import type { DicomWebServer } from '../imaging/index.ts';
import { DecileError } from '../shared/errors.ts';

/** Where the value of the Authorization header comes from: not from a flag, which other users could see. */
const AUTHORIZATION = 'DECILE_DICOMWEB_AUTHORIZATION';

export function dicomWebServer(url: string, signal?: AbortSignal): DicomWebServer {
  const authorization = process.env[AUTHORIZATION]?.trim();
  // A header that cannot be sent would be shown in the error of who sends it.
  if (authorization && !/^[\t\x20-\x7e]+$/.test(authorization))
    throw new DecileError(
      'option/invalid',
      `${AUTHORIZATION} must be one line of ASCII signs, got others in its ${authorization.length}.`,
      'Give the value of the header alone, such as Basic and the name and password in base64.',
    );
  return { url, signal, ...(authorization ? { authorization } : {}) };
}
