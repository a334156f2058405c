/** Dropout masks and noise: the hash of core/hashed.ts, a value or four a thread. */
import { ERFINV, NOISE_SCALE } from '../../../core/hashed.ts';
import { buffers, eachElement, type Program, parameters, program } from '../program.ts';

const HASH = `
fn mixed(word: u32) -> u32 {
  var x = (word ^ (word >> 16u)) * 0x7feb352du;
  x = (x ^ (x >> 15u)) * 0x846ca68bu;
  return x ^ (x >> 16u);
}
fn hashed(n: u32, key: vec2<u32>) -> u32 { return mixed(mixed(n ^ key.x) ^ key.y); }`;

/** Images of one dispatch: their keys are parameters, two a vector. */
export const MASKED_TOGETHER = 28;

/** Parameters' words before the keys, three of them unused: vectors begin at multiples of four. */
export const WORDS_BEFORE_KEYS = 8;

/**
 * A mask of images that lie one after the other. Parameters: elements (of four values with `vector`) of all images, where they begin in
 * the map, elements of one image, the threshold, what is kept, the keys.
 */
export const dropoutMask = (vector: boolean): Program =>
  program(`dropout mask${vector ? ' v' : ''}`, 0, 1, () => {
    const T = vector ? 'vec4<f32>' : 'f32';
    const draws = vector
      ? `let words = vec2<u32>(hashed(2u * n, key), hashed(2u * n + 1u, key));
  let draws = vec4<u32>(words.x & 0xffffu, words.x >> 16u, words.y & 0xffffu, words.y >> 16u);
  let least = vec4<u32>(p.threshold);`
      : `let draws = (hashed(n >> 1u, key) >> (16u * (n & 1u))) & 0xffffu;
  let least = p.threshold;`;
    return `${parameters('count', 'first', 'size', 'threshold', 'kept: f32', `keys: array<vec4<u32>, ${MASKED_TOGETHER / 2}>`)}
${buffers([], [['out', T]])}
${HASH}
${eachElement(
  'p.count',
  `  let image = i / p.size;
  let n = i % p.size;
  let keys = p.keys[image >> 1u];
  let key = select(keys.xy, keys.zw, (image & 1u) == 1u);
  ${draws}
  out[p.first + i] = select(${T}(0.0), ${T}(p.kept), draws >= least);`,
)}`;
  });

/** y = x + noise, four values a thread. Parameters: fours, the key. */
export const addNoise = (): Program =>
  program(
    'add noise',
    1,
    1,
    () => `${parameters('count', 'key0', 'key1')}
${buffers([['x', 'vec4<f32>']], [['y', 'vec4<f32>']])}
${HASH}
${eachElement(
  'p.count',
  `  let key = vec2<u32>(p.key0, p.key1);
  let words = vec4<u32>(hashed(4u * i, key), hashed(4u * i + 1u, key), hashed(4u * i + 2u, key), hashed(4u * i + 3u, key));
  let u = vec4<f32>(words >> vec4<u32>(9u)) * ${2 ** -22} + ${2 ** -23 - 1};
  let w = min(vec4<f32>(5.0), -log((1.0 - u) * (1.0 + u))) - 2.5;
  var e = vec4<f32>(${ERFINV[0]});
${ERFINV.slice(1)
  .map((factor) => `  e = ${factor} + e * w;`)
  .join('\n')}
  y[i] = x[i] + clamp(${NOISE_SCALE} * e * u, vec4<f32>(-0.2), vec4<f32>(0.2));`,
)}`,
  );
