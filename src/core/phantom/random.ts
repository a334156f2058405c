/** The random draws that make one patient differ from another, on the project's seeded generator. */
import { Random as Generator } from '../random.ts';

export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [low, high). */
  range(low: number, high: number): number;
  /** Normal with the given mean and standard deviation. */
  normal(mean?: number, deviation?: number): number;
  chance(probability: number): boolean;
}

/** @param stream another stream of the same seed is independent of the first */
export function seededRandom(seed: number, stream = 0): Random {
  const generator = new Generator(seed, stream);
  return {
    uniform: () => generator.uniform(),
    normal: (mean = 0, deviation = 1) => mean + deviation * generator.normal(),
    range: (low, high) => low + (high - low) * generator.uniform(),
    chance: (probability) => generator.uniform() < probability,
  };
}
