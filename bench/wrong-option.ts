/** An option that a bench cannot take: its text is all that is said, without a stack, and the exit code is 2. */
export class WrongOption extends Error {}
