/** The heavy kernels as single TensorFlow ops: fused where TensorFlow has a fused form, no copies between them. */
import * as tf from '@tensorflow/tfjs';
import { linearMatrix, toTensor } from '../../core/network/interpolation.ts';
import { type ConvWeights, type FeatureMap, type Kernels, NORM_EPSILON } from '../../core/network/kernels.ts';

interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

/** What tfjs-node's backend offers beside the kernel registry: any TensorFlow op by name. */
interface OpRunner extends tf.KernelBackend {
  binding: Record<
    'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING' | 'TF_ATTR_BOOL' | 'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32',
    number
  >;
  executeSingleOutput(name: string, attributes: Attribute[], inputs: tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(name: string, attributes: Attribute[], inputs: tf.Tensor[], outputs: number): tf.Tensor[];
}

/** Needs the tensorflow backend to be current. */
export function tensorflowKernels(): Kernels {
  const backend = tf.backend() as unknown as OpRunner;
  const { binding } = backend;
  const int = (name: string, value: number | number[]): Attribute => ({ name, type: binding.TF_ATTR_INT, value });
  const float = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_FLOAT, value });
  const text = (name: string, value: string): Attribute => ({ name, type: binding.TF_ATTR_STRING, value });
  const type = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });

  const T = type('T', binding.TF_FLOAT);
  const NDHWC = text('data_format', 'NDHWC');
  const conv = [T, int('strides', [1, 1, 1, 1, 1]), text('padding', 'SAME'), NDHWC, int('dilations', [1, 1, 1, 1, 1])];
  const convSized = (sizes: string) => [...conv, type(sizes, binding.TF_INT32)];
  const pool = [T, int('ksize', [1, 2, 2, 2, 1]), int('strides', [1, 2, 2, 2, 1]), text('padding', 'VALID'), NDHWC];
  const norm = [
    T,
    type('U', binding.TF_FLOAT),
    float('epsilon', NORM_EPSILON),
    text('data_format', 'NHWC'),
    flag('is_training', true),
  ];

  /** Instance norm of one image = batch norm of a batch of one; [1, D*H, W, C] shares the map's memory. */
  const flat = (map: FeatureMap) => map.reshape([1, map.shape[1] * map.shape[2], map.shape[3], map.shape[4]]);
  const ones = (c: number) => tf.ones([c]);

  return {
    conv3d: (x, w) => backend.executeSingleOutput('Conv3D', conv, [x, w]) as FeatureMap,
    conv3dGradInput: (dy, w) =>
      tf.tidy(() => {
        const sizes = tf.tensor1d([...dy.shape.slice(0, 4), w.shape[3]], 'int32');
        return backend.executeSingleOutput('Conv3DBackpropInputV2', convSized('Tshape'), [sizes, w, dy]) as FeatureMap;
      }),
    conv3dGradWeights: (x, dy, kernel) =>
      tf.tidy(() => {
        const sizes = tf.tensor1d([kernel, kernel, kernel, x.shape[4], dy.shape[4]], 'int32');
        return backend.executeSingleOutput('Conv3DBackpropFilterV2', conv, [x, sizes, dy]) as ConvWeights;
      }),
    instanceNormRelu(x) {
      const [y, ...saved] = tf.tidy(() => {
        const c = x.shape[4];
        const empty = tf.tensor1d([]);
        const outputs = backend.executeMultipleOutputs(
          'FusedBatchNormV3',
          [...norm, float('exponential_avg_factor', 1)],
          [flat(x), ones(c), tf.zeros([c]), empty, empty],
          6,
        );
        const y = backend.executeSingleOutput('Relu', [T], [outputs[0]]).reshape(x.shape);
        return [y, outputs[3], outputs[4], outputs[5]];
      });
      return { y: y as FeatureMap, saved };
    },
    instanceNormReluGrad: (dy, x, { y, saved: [mean, variance, reserve] }) =>
      tf.tidy(() => {
        const dn = backend.executeSingleOutput('ReluGrad', [T], [dy, y]) as FeatureMap;
        const [dx] = backend.executeMultipleOutputs(
          'FusedBatchNormGradV3',
          norm,
          [flat(dn), flat(x), ones(x.shape[4]), mean, variance, reserve],
          5,
        );
        return dx.reshape(x.shape) as FeatureMap;
      }),
    maxPool: (x) => backend.executeSingleOutput('MaxPool3D', pool, [x]) as FeatureMap,
    maxPoolGrad: (dy, x, y) =>
      backend.executeSingleOutput(
        'MaxPool3DGrad',
        [...pool, type('TInput', binding.TF_FLOAT)],
        [x, y, dy],
      ) as FeatureMap,
    upsample: (x) =>
      tf.tidy(() => ([1, 2, 3] as const).reduce<tf.Tensor>((m, axis) => alongAxis(m, axis, false), x) as FeatureMap),
    upsampleGrad: (dy) =>
      tf.tidy(() => ([3, 2, 1] as const).reduce<tf.Tensor>((m, axis) => alongAxis(m, axis, true), dy) as FeatureMap),
  };
}

/** One axis of trilinear x2 as a broadcast matrix product: the matrix is never tiled. */
function alongAxis(x: tf.Tensor, axis: 1 | 2 | 3, back: boolean): tf.Tensor {
  const shape: number[] = x.shape;
  const n = shape[axis];
  const m = toTensor(linearMatrix(back ? n / 2 : n, back ? n : 2 * n));
  const before = shape.slice(1, axis).reduce((a, b) => a * b, 1);
  const after = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const out = [...shape];
  out[axis] = back ? n / 2 : 2 * n;
  return tf.matMul(m.expandDims(0), x.reshape([before, n, after]), back, false).reshape(out);
}
