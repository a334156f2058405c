import { Random } from '../random.ts';

/** Cases in permuted order, permuted anew as it runs out. */
export class CaseStream {
  private order: number[] = [];
  private readonly count: number;
  readonly random: Random;

  constructor(count: number, seed: number, stream: number) {
    this.count = count;
    this.random = new Random(seed, stream);
  }

  next(): number {
    if (this.order.length === 0) this.order = this.random.permutation(this.count);
    return this.order.pop() as number;
  }

  get state(): StreamState {
    return { order: [...this.order], random: this.random.state };
  }

  set state({ order, random }: StreamState) {
    this.order = [...order];
    this.random.state = random;
  }
}

export interface StreamState {
  order: number[];
  random: readonly number[];
}
