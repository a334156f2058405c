export { DecileError } from '../core/errors.ts';
