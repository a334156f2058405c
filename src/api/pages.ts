/** The window's own files, and the policy under which they run. Used by `app://` and by the loopback server. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** Reads a file of the built window; null for one that is not there or not below `root`. */
export async function readPage(
  root: string,
  pathname: string,
): Promise<{ bytes: Buffer<ArrayBuffer>; type: string } | null> {
  let relative: string;
  try {
    relative = normalize(decodeURIComponent(pathname === '/' ? '/index.html' : pathname));
  } catch {
    return null;
  }
  const path = join(root, relative);
  const type = TYPES[extname(path)];
  if (!path.startsWith(root + sep) || type === undefined) return null;
  try {
    return { bytes: (await readFile(path)) as Buffer<ArrayBuffer>, type };
  } catch {
    return null;
  }
}
