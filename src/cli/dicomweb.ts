/** The flags by which commands reach a DICOMweb server. */
import type { DicomWebServer } from '../imaging/index.ts';

/** Where the value of the Authorization header comes from: not from a flag, which other users could see. */
const AUTHORIZATION = 'DECILE_DICOMWEB_AUTHORIZATION';

export function dicomWebServer(url: string, signal?: AbortSignal): DicomWebServer {
  const authorization = process.env[AUTHORIZATION];
  return { url, signal, ...(authorization ? { authorization } : {}) };
}
