/** One row of the table of errors. */
export interface ErrorRow {
  /** What has happened, as the reference says it. */
  when: string;
  /** How the message is made up: the text, with `<name>` for what differs from one time to the next. */
  message: string;
  /** What the user does next; where it is thrown, the cure may say it more closely. */
  cure: string;
  /** Exit code of a command that ends with it; 1 where nothing is said. */
  exit?: 'usage' | 'setup';
}
