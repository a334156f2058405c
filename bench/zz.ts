import * as tf from '@tensorflow/tfjs';
import { PAPER_READING } from '../src/core/options.ts';
import { resolveOptions } from '../src/core/parse-option.ts';
import { StepSession } from '../src/engine/measure/step-session.ts';
import { registerWebgpu, useRemoteGpu, webgpuBackend, webgpuKernels } from '../src/engine/webgpu/index.ts';
import { chiplessExecutor } from './chipless.ts';
const [reading, width, side] = process.argv.slice(2);
const executor = await chiplessExecutor();
useRemoteGpu(async () => executor);
await registerWebgpu();
await tf.setBackend('webgpu');
const { gpu } = webgpuBackend();
const options = resolveOptions({ ...(reading==='paper'?PAPER_READING:{}), method: 'cpcl', network: 'unet', width: Number(width), labelledPerStep: 2, unlabelledPerStep: 2, steps: 20_000 } as any);
const s = new StepSession(webgpuKernels(), options, [Number(side),Number(side),Number(side)] as any);
s.keepPatches();
for (let n=0;n<Number(process.argv[5]??6);n++){ const b=process.threadCpuUsage(); const d=gpu.dispatches; const r = await s.step(); const {user,system}=process.threadCpuUsage(b); console.log(r.seconds.toFixed(3), ((user+system)/1e3).toFixed(1), gpu.dispatches-d, (gpu.pool.peak/1e6).toFixed(0)); }
process.exit(0)
