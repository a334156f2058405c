/** The Python that checks ONNX files. */
import { execFileSync } from 'node:child_process';

export const PYTHON = process.env.DECILE_PYTHON ?? 'python3';

/** Why a test cannot run; false where all packages are there. */
export function noPython(...packages: string[]): string | false {
  try {
    execFileSync(PYTHON, ['-c', `import ${packages.join(', ')}`], { stdio: 'ignore' });
    return false;
  } catch {
    return `${packages.join(' or ')} is not installed (set DECILE_PYTHON to a Python that has them)`;
  }
}
