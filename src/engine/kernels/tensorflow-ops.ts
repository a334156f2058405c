/** Any TensorFlow op by its name, through the addon's backend. */
import * as tf from '@tensorflow/tfjs';

export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

/** What tfjs-node's backend offers beside the kernel registry. */
interface OpRunner extends tf.KernelBackend {
  binding: Record<
    'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING' | 'TF_ATTR_BOOL' | 'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32',
    number
  >;
  executeSingleOutput(name: string, attributes: Attribute[], inputs: tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(name: string, attributes: Attribute[], inputs: tf.Tensor[], outputs: number): tf.Tensor[];
}

/** Needs the tensorflow backend to be current. */
export function tensorflowOps() {
  const backend = tf.backend() as unknown as OpRunner;
  const { binding } = backend;
  const type = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  return {
    int: (name: string, value: number | number[]): Attribute => ({ name, type: binding.TF_ATTR_INT, value }),
    float: (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    text: (name: string, value: string): Attribute => ({ name, type: binding.TF_ATTR_STRING, value }),
    flag: (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
    int32: (name: string): Attribute => type(name, binding.TF_INT32),
    float32: (name: string): Attribute => type(name, binding.TF_FLOAT),
    run: (name: string, attributes: Attribute[], inputs: tf.Tensor[]): tf.Tensor =>
      backend.executeSingleOutput(name, attributes, inputs),
    runAll: (name: string, attributes: Attribute[], inputs: tf.Tensor[], outputs: number): tf.Tensor[] =>
      backend.executeMultipleOutputs(name, attributes, inputs, outputs),
  };
}

export type TensorflowOps = ReturnType<typeof tensorflowOps>;
