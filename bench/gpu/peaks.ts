/** What the chip can do at most: multiply-adds in float32, in half precision and by matrix units, and bytes a second. */
import * as tf from '@tensorflow/tfjs';
import { webgpuBackend } from '../../src/engine/webgpu/index.ts';
import { buffers, eachElement, groupsFor, type Program, parameters } from '../../src/engine/webgpu/program.ts';

export interface Peaks {
  /** Operations a second, a multiply-add being two. */
  f32?: number;
  f16?: number;
  /** Half precision in, float32 sums. */
  matrix?: number;
  /** Read and written. */
  bytesPerSecond?: number;
}

/** Of one product of a chip's matrix units. */
export interface MatrixSizes {
  M: number;
  N: number;
  K: number;
}

const SUMS = [0, 1, 2, 3, 4, 5, 6, 7];

/** Eight sums of four lanes a thread, `rounds` multiply-adds each. */
export const multiplyAdds = (type: 'f32' | 'f16'): Program => ({
  key: `peak ${type}`,
  reads: 0,
  writes: 1,
  source: `${type === 'f16' ? 'enable f16;\n' : ''}${parameters('count', 'rounds')}
${buffers([], [['out', 'vec4<f32>']])}
${eachElement(
  'p.count',
  `  let b = vec4<${type}>(${type}(1.0 - f32(i & 15u) * 0.0001));
  let c = vec4<${type}>(${type}(f32(i & 7u) * 0.001));
  ${SUMS.map((n) => `var s${n} = vec4<${type}>(${type}(${n}) * c.x);`).join(' ')}
  for (var j = 0u; j < p.rounds; j++) { ${SUMS.map((n) => `s${n} = fma(s${n}, b, c);`).join(' ')} }
  out[i] = vec4<f32>(${SUMS.map((n) => `s${n}`).join(' + ')});`,
)}`,
});

/** Four sums a group of threads that share a product; the group has four such groups at most. */
export const matrixProducts = ({ M, N, K }: MatrixSizes): Program => ({
  key: `peak matrix ${M} ${N} ${K}`,
  reads: 1,
  writes: 1,
  source: `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
${parameters('count', 'rounds')}
${buffers([['x', 'f16']], [['out', 'f32']])}
@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let a = subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>, row_major>(&x, 0u, ${K}u);
  let b = subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, row_major>(&x, ${M * K}u, ${N}u);
  ${[0, 1, 2, 3].map((n) => `var s${n} = subgroup_matrix_result<f32, ${N}, ${M}>();`).join(' ')}
  for (var j = 0u; j < p.rounds; j++) {
    ${[0, 1, 2, 3].map((n) => `s${n} = subgroupMatrixMultiplyAccumulate(a, b, s${n});`).join(' ')}
  }
  ${[0, 1, 2, 3].map((n) => `subgroupMatrixStore<row_major>(&out, (group.x * 4u + ${n}u) * ${M * N}u, s${n}, ${N}u);`).join('\n  ')}
}`,
});

export const BUSY = multiplyAdds('f32').key;

/** Something to do for about that long, without waiting: a chip that had nothing to do runs slowly at first. */
export function occupy(seconds: number, { f32 = 1e12 }: Peaks): void {
  const [threads, out] = [1 << 16, tf.zeros([4 << 16])];
  const rounds = Math.min(1 << 22, Math.ceil((seconds * f32) / (threads * SUMS.length * 4 * 2)));
  webgpuBackend().run(multiplyAdds('f32'), [], [out], [threads, rounds], groupsFor(threads));
  out.dispose();
}

const copyAll: Program = {
  key: 'peak copy',
  reads: 1,
  writes: 1,
  source: `${parameters('count')}
${buffers([['x', 'vec4<f32>']], [['out', 'vec4<f32>']])}
${eachElement('p.count', '  out[i] = x[i];')}`,
};

/** Seconds of `run` and all before it. */
async function timed(run: () => void): Promise<number> {
  const { gpu } = webgpuBackend();
  await gpu.settle();
  const start = performance.now();
  run();
  await gpu.settle();
  return (performance.now() - start) / 1000;
}

/** Work is doubled until one run takes long enough to be measured; the best of three. */
async function rate(work: number, run: (rounds: number) => void, least: number): Promise<number> {
  let rounds = 16;
  await timed(() => run(rounds));
  for (;;) {
    const seconds = await timed(() => run(rounds));
    if (seconds >= least || rounds >= 1 << 20) break;
    rounds *= Math.max(2, Math.min(64, Math.floor(least / seconds)));
  }
  const times = [0, 0, 0];
  for (const n of times.keys()) times[n] = await timed(() => run(rounds));
  return (work * rounds) / Math.min(...times);
}

export async function measurePeaks(software: boolean, matrix: MatrixSizes | undefined): Promise<Peaks> {
  const backend = webgpuBackend();
  const { features } = backend.gpu.facts;
  const threads = software ? 1024 : 1 << 18;
  const least = software ? 0.2 : 0.05;
  const out = tf.zeros([threads * 4]);
  const peak = (type: 'f32' | 'f16') =>
    rate(
      threads * SUMS.length * 4 * 2,
      (rounds) => backend.run(multiplyAdds(type), [], [out], [threads, rounds], groupsFor(threads)),
      least,
    );
  const peaks: Peaks = { f32: await peak('f32') };
  if (features.includes('shader-f16')) peaks.f16 = await peak('f16');
  if (matrix) {
    const { M, N, K } = matrix;
    const groups = software ? 4 : 4096;
    const [x, sums] = [tf.zeros([M * K + K * N]), tf.zeros([groups * 4 * M * N])];
    const size = backend.gpu.facts.limits.maxComputeInvocationsPerWorkgroup;
    // As many groups of threads share products as 128 threads make: four of 32.
    const work = groups * 4 * 4 * 2 * M * N * K;
    if (size >= 128)
      peaks.matrix = await rate(
        work,
        (rounds) => backend.run(matrixProducts(matrix), [x], [sums], [groups, rounds], groups),
        least,
      );
    tf.dispose([x, sums]);
  }
  const floats = software ? 1 << 20 : 1 << 26;
  const [from, to] = [tf.fill([floats], 1), tf.fill([floats], 0)];
  const copies = (rounds: number) => {
    for (let n = 0; n < rounds; n++) backend.run(copyAll, [from], [to], [floats / 4], groupsFor(floats / 4));
  };
  peaks.bytesPerSecond = await rate(8 * floats, copies, least);
  tf.dispose([out, from, to]);
  return peaks;
}
