import { DecileError } from '../errors.ts';
import { METHODS, type MethodName, type TrainingOptions } from '../options.ts';
import { agreement } from './agreement.ts';
import { bcp } from './bcp.ts';
import { cpcl } from './cpcl.ts';
import { cpclMix } from './cpcl-mix.ts';
import { dan } from './dan.ts';
import { dtml } from './dtml.ts';
import { entropy } from './entropy.ts';
import { ict } from './ict.ts';
import { meanTeacher } from './mean-teacher.ts';
import type { Method } from './method.ts';
import { paste } from './paste.ts';
import { supervised } from './supervised.ts';
import { uaMt } from './ua-mt.ts';

const REGISTRY: Record<MethodName, Method> = {
  cpcl: cpcl as Method,
  supervised,
  'mean-teacher': meanTeacher,
  'ua-mt': uaMt as Method,
  entropy,
  dan,
  ict,
  dtml,
  paste: paste as Method,
  bcp: bcp as Method,
  'cpcl-mix': cpclMix as Method,
  agreement: agreement as Method,
};

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

/** The method of a run. Where its moving average is to predict and it keeps none, it keeps one named `teacher`. */
export function methodOf({ method: name, predictWith }: Pick<TrainingOptions, 'method' | 'predictWith'>): Method {
  const method = methodByName(name);
  if (predictWith !== 'teacher' || method.networks.teacher) return method;
  return { ...method, networks: { ...method.networks, teacher: 'ema' } };
}
