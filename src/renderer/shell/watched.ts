/** A client that tells which calls worked. */
import type { CallName, Client } from '../../shared/contract/index.ts';

export function watched(client: Client, worked: (call: CallName) => void): Client {
  return {
    ...client,
    async call(name, ...input) {
      const value = await client.call(name, ...input);
      worked(name);
      return value;
    },
    within: (session) => watched(client.within(session), worked),
  };
}
