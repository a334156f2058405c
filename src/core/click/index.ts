/** Click to mask: seeds of "this" and "not this" become a mask that follows the image. */
export { beliefOf } from './belief.ts';
export type { Seed } from './seeds.ts';
export { ClickSession, type Preview } from './session.ts';
