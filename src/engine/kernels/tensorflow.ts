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
  const resize = [T, flag('align_corners', false), flag('half_pixel_centers', true)];
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
    maxPool: (x) =>
      tf.tidy(() => {
        // Planes in pairs first, then the two-dimensional op that oneDNN has.
        const [, d, h, w, c] = x.shape;
        const pairs = x.reshape([d / 2, 2, h * w * c]);
        const planes = tf.maximum(tf.slice(pairs, [0, 0, 0], [-1, 1, -1]), tf.slice(pairs, [0, 1, 0], [-1, 1, -1]));
        return tf
          .maxPool(planes.reshape([d / 2, h, w, c]) as tf.Tensor4D, 2, 2, 'valid')
          .reshape([1, d / 2, h / 2, w / 2, c]) as FeatureMap;
      }),
    maxPoolGrad: (dy, x, y) =>
      tf.tidy(() => {
        // Seven times faster than MaxPool3DGrad: each maximum is found by comparing with its block's. Blocks of zeros hit
        // all eight voxels, which the ReLU before every pool turns into no gradient.
        const [, d, h, w, c] = x.shape;
        const spread = (map: FeatureMap) =>
          tf.image
            .resizeNearestNeighbor(map.reshape([d / 2, h / 2, w / 2, c]) as tf.Tensor4D, [h, w])
            .reshape([d / 2, 1, h * w * c]);
        const hit = tf.equal(x.reshape([d / 2, 2, h * w * c]), spread(y));
        return backend
          .executeSingleOutput('SelectV2', [T], [hit, spread(dy), tf.scalar(0)])
          .reshape(x.shape) as FeatureMap;
      }),
    upsample: (x) =>
      tf.tidy(() => {
        const [, d, h, w, c] = x.shape;
        const planes = tf.matMul(depthMatrix(d), x.reshape([d, h * w * c]) as tf.Tensor2D).reshape([2 * d, h, w, c]);
        return tf.image
          .resizeBilinear(planes as tf.Tensor4D, [2 * h, 2 * w], false, true)
          .reshape([1, 2 * d, 2 * h, 2 * w, c]) as FeatureMap;
      }),
    upsampleGrad: (dy) =>
      tf.tidy(() => {
        const [, d, h, w, c] = dy.shape;
        // Only its shape is read: filled by TensorFlow, nothing crosses from JavaScript.
        const shape = tf.fill([d, h / 2, w / 2, c], 0);
        const planes = backend.executeSingleOutput('ResizeBilinearGrad', resize, [dy.reshape([d, h, w, c]), shape]);
        return tf
          .matMul(depthMatrix(d / 2), planes.reshape([d, (h / 2) * (w / 2) * c]) as tf.Tensor2D, true)
          .reshape([1, d / 2, h / 2, w / 2, c]) as FeatureMap;
      }),
  };
}

/** Trilinear x2 along the depth axis, [2D, D]. */
const depthMatrix = (d: number): tf.Tensor2D => toTensor(linearMatrix(d, 2 * d));
