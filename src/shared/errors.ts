export { DecileError, type ErrorCode } from '../core/errors.ts';
