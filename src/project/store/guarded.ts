/** Repositories whose failures have a code, whoever asks them. */
import { explained } from './failures.ts';

type Call = (...args: unknown[]) => unknown;

/** The same repository; what SQLite throws out of its functions comes out explained. @param what as of `explained` */
export function guarded<T extends object>(what: string, repository: T): T {
  const calls = Object.entries(repository).map(([name, call]): [string, unknown] => [
    name,
    typeof call === 'function' ? (...args: unknown[]) => explained(what, () => (call as Call)(...args)) : call,
  ]);
  return Object.fromEntries(calls) as T;
}
