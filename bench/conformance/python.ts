/** The Python process that reads masks in its own way: a question a line, an answer a line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findPython } from '../python.ts';

const PROGRAM = fileURLToPath(new URL('./masks.py', import.meta.url));

export interface SegAnswer {
  voxels: number;
  /** Mean of the voxels' centres, LPS mm. */
  centre: [number, number, number];
  /** Voxels of the segment, one that is in two frames of a plane counted once. */
  distinct?: number;
}
export interface RtAnswer {
  slices: number;
  voxels: number;
  different: number;
}

export interface MaskPython {
  /** By segment or structure number; throws what pydicom says of a file that it cannot read. */
  ask<A>(request: object): Promise<Record<string, A>>;
  end(): void;
}

/** Undefined where there is no Python with pydicom and scikit-image, which is said on standard error. */
export function startPython(): MaskPython | undefined {
  const python = findPython(['pydicom', 'numpy', 'skimage'], ['pydicom', 'numpy', 'scikit-image']);
  if (python === undefined) return undefined;
  const child = spawn(python, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<A>(request: object) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      if (line.done) throw new Error('Python must answer, got its end.');
      const { answer, error } = JSON.parse(line.value) as { answer?: Record<string, A>; error?: string };
      if (!answer) throw new Error(error);
      return answer;
    },
    end: () => child.stdin.end(),
  };
}
