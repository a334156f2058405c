/** What would make training faster on this machine, one sentence each. */

import { findNvidiaDriver } from '../machine/nvidia.ts';
import { findTensorflow } from '../tensorflow/installation.ts';

/** @param broken TensorFlow is installed and was seen not to compute */
export function fasterAdvice(broken = false): string[] {
  const advice: string[] = [];
  const [installation] = findTensorflow();
  if (!installation) advice.push('`npm run setup:tensorflow` installs TensorFlow, which is faster on some machines.');
  else if (broken) advice.push('`npm run setup:tensorflow -- --force` sets TensorFlow up anew.');
  if (!installation?.gpu && findNvidiaDriver()) {
    advice.push('There is an NVIDIA GPU: `npm run setup:tensorflow -- --gpu` installs TensorFlow with CUDA.');
  }
  if (process.env.DECILE_THREADS) advice.push(`DECILE_THREADS=${process.env.DECILE_THREADS} limits the cores in use.`);
  return advice;
}
