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
  const kept = new Map<string, tf.Tensor>();
  /** A constant list of whole numbers, sent to TensorFlow once: a step needs the same few shapes hundreds of times. */
  const ints = (values: number[]): tf.Tensor => {
    const key = values.join();
    if (!kept.has(key)) kept.set(key, tf.keep(tf.tensor1d(values, 'int32')));
    return kept.get(key) as tf.Tensor;
  };
  const reshaping = [type('T', binding.TF_FLOAT), type('Tshape', binding.TF_INT32)];
  return {
    ints,
    /** The same values under another shape; no copy. */
    reshape: (x: tf.Tensor, shape: number[]): tf.Tensor =>
      backend.executeSingleOutput('Reshape', reshaping, [x, ints(shape)]),
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
