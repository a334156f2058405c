/** The Annotate screen alone, against the small server of server.ts: `?scan=1&mode=review`. */
import { mount } from 'svelte';
import { createClient, type Reply } from '../../../src/shared/contract/index.ts';
import Page from './Page.svelte';

const client = createClient({
  async call(name, input) {
    const response = await fetch(`/call/${name}`, { method: 'POST', body: JSON.stringify({ input }) });
    return (await response.json()) as Reply<unknown>;
  },
  subscribe: () => () => {},
  data: (path, init) => fetch(path, init),
  dataUrl: (path) => path,
});
const query = new URLSearchParams(location.search);
mount(Page, {
  target: document.getElementById('app') as HTMLElement,
  props: {
    client,
    first: Number(query.get('scan') ?? 1),
    mode: query.get('mode') === 'review' ? 'review' : 'annotate',
  },
});
