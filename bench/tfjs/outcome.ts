/** What a test of TensorFlow.js says of an engine. */

/** As jasmine reports what failed. */
export interface Failure {
  message: string;
  stack?: string;
}

/**
 * refused: the engine said by name that it does not do this. wrong: it gave another value, or none of the errors it should.
 * crashed: it fell over something that nobody foresaw, or the process ended.
 */
export type Outcome = 'passed' | 'refused' | 'wrong' | 'crashed' | 'skipped';

/** An op or a type that the engine lacks, by name; or values read by waiting, which WebGPU cannot. */
const REFUSED =
  /Kernel '\w+' not registered for backend|of the (simd|webgpu) engine must|must be read with data\(\)|createTensorFromGPUData|not supported on/;
/** What is thrown where no check was. */
const CRASHED =
  /RuntimeError|unreachable|divide by zero|out of bounds|Cannot read propert|is not a function|no overload matched|engine\/broken|must compute, got|Timeout|Invalid array length|timed out/i;

export function outcomeOf(status: string, failures: readonly Failure[]): { outcome: Outcome; why?: string } {
  if (status === 'passed') return { outcome: 'passed' };
  if (status === 'pending') return { outcome: 'skipped' };
  const say = ({ message, stack }: Failure) => `${message}\n${stack ?? ''}`;
  const why = failures.map(({ message }) => message.split('\n')[0].slice(0, 200)).join(' | ');
  if (failures.some((failure) => REFUSED.test(say(failure)))) return { outcome: 'refused', why };
  return { outcome: failures.some(({ message }) => CRASHED.test(message)) ? 'crashed' : 'wrong', why };
}
