/** `app://decile/...`: the only place the window's content comes from; pages from the bundle, data from the handlers. */
import { protocol } from 'electron';
import type { Api } from '../../api/api.ts';
import { CONTENT_SECURITY_POLICY, readPage } from '../../api/pages.ts';

export const ORIGIN = 'app://decile';

/** Before the app is ready: makes `app:` a standard, secure scheme that can stream. */
export function claimScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

export function answerScheme(api: Api, pages: string): void {
  protocol.handle('app', async (request) => {
    const url = new URL(request.url);
    if (url.host !== 'decile') return new Response(null, { status: 404 });
    if (url.pathname.startsWith('/data/')) {
      return api.data({
        method: request.method,
        url,
        contentType: request.headers.get('content-type') ?? '',
        body: async () => new Uint8Array(await request.arrayBuffer()),
      });
    }
    const page = request.method === 'GET' ? await readPage(pages, url.pathname) : null;
    if (!page) return new Response(null, { status: 404 });
    return new Response(page.bytes, {
      headers: {
        'content-type': page.type,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    });
  });
}
