import { DecileError } from '../errors.ts';
import { METHODS, type MethodName } from '../options.ts';
import { cpcl } from './cpcl.ts';
import { meanTeacher } from './mean-teacher.ts';
import type { Method } from './method.ts';
import { supervised } from './supervised.ts';

const REGISTRY: Record<MethodName, Method> = { cpcl: cpcl as Method, supervised, 'mean-teacher': meanTeacher };

/** The method of that name; throws `option/invalid` for any other. */
export function methodByName(name: MethodName): Method {
  const method = REGISTRY[name];
  if (!method)
    throw new DecileError(
      'option/invalid',
      `--method must be one of ${METHODS.join(', ')}, got ${name}.`,
      'Check the spelling.',
    );
  return method;
}
