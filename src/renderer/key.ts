/**
 * The server's key, in server mode: taken out of the address once, kept for this tab and this port alone, and sent by this page only.
 * Null under Electron, and where the page was opened without it.
 */
const NAME = 'decile-key';

function take(): string | null {
  if (!location.protocol.startsWith('http')) return null;
  const address = new URL(location.href);
  const given = address.searchParams.get('token');
  if (given !== null) {
    sessionStorage.setItem(NAME, given);
    address.searchParams.delete('token');
    history.replaceState(history.state, '', address);
  }
  return sessionStorage.getItem(NAME);
}

export const key: string | null = take();
