import { CounterRng } from "../../src/base/rng.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";

/** Parameters of {@link SmallNetwork}, named as those of scikit-learn's MLPClassifier. */
export interface SmallNetworkParams {
  hiddenLayerSizes: readonly number[];
  alpha: number;
  batchSize: number;
  learningRate: "constant" | "invscaling";
  learningRateInit: number;
  powerT: number;
  momentum: number;
  nesterovsMomentum: boolean;
  randomState: number;
}

const DEFAULTS: SmallNetworkParams = {
  hiddenLayerSizes: [24],
  alpha: 1e-4,
  batchSize: 200,
  learningRate: "constant",
  learningRateInit: 1e-3,
  powerT: 0.5,
  momentum: 0.9,
  nesterovsMomentum: true,
  randomState: 0,
};

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Rows are outputs; the last column is the bias. */
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  readonly velocity: Float64Array;
  /** What comes out, and the loss's derivative by what goes into the activation. */
  readonly out: Float64Array;
  readonly delta: Float64Array;
}

interface LocalRows {
  readonly rows: number;
  readonly values: Float64Array;
}

/**
 * The experiment's model: scikit-learn's `MLPClassifier(solver="sgd")` as far as the experiment tunes it (relu, softmax,
 * Glorot's uniform start, momentum, `invscaling` by rows seen), for a few dozen neurons, in the driver's thread. It is no
 * part of the library, whose networks are tfjs': a step of theirs costs a millisecond, and this experiment takes millions.
 * It is also the least that a search asks of an estimator of one's own.
 */
export class SmallNetwork {
  readonly kind = "SmallNetwork";
  #params: SmallNetworkParams;
  #layers: Layer[] = [];
  #calls = 0;
  #seen = 0;
  static readonly #orders = new Map<string, Uint32Array>();
  // Searches hand out the same collection for the same rows: they are fetched once for all models.
  static readonly #local = new WeakMap<DistributedArray, Promise<LocalRows>>();

  constructor(params: Partial<SmallNetworkParams> = {}) {
    this.#params = { ...DEFAULTS, ...params };
  }

  getParams(): SmallNetworkParams {
    return { ...this.#params };
  }

  setParams(params: Partial<SmallNetworkParams>): this {
    const unknown = Object.keys(params).find((name) => !(name in DEFAULTS));
    if (unknown !== undefined) throw new TypeError(`SmallNetwork: unknown parameter ${unknown}.`);
    this.#params = { ...this.#params, ...params };
    return this;
  }

  clone(): SmallNetwork {
    return new SmallNetwork(this.#params);
  }

  /** One epoch over the rows, from a new start. */
  async fit(X: DistributedArray, y: DistributedArray): Promise<this> {
    this.#layers = [];
    this.#calls = this.#seen = 0;
    return this.partialFit(X, y);
  }

  /** One epoch over the rows; the first call starts the weights. Labels are 0 to 3. */
  async partialFit(X: DistributedArray, y: DistributedArray): Promise<this> {
    const [x, { values: labels }] = await Promise.all([SmallNetwork.#fetch(X), SmallNetwork.#fetch(y)]);
    const width = x.values.length / x.rows;
    if (this.#layers.length === 0) this.#start(width, 4);
    const { batchSize, learningRate, learningRateInit, powerT, randomState } = this.#params;
    const rate = learningRate === "constant" ? learningRateInit : learningRateInit / (this.#seen + 1) ** powerT;
    const order = SmallNetwork.#orderOf(randomState, this.#calls, x.rows);
    for (let from = 0; from < order.length; from += batchSize)
      this.#step(x.values, width, labels, order.subarray(from, from + batchSize), rate);
    this.#calls += 1;
    this.#seen += x.rows;
    return this;
  }

  /** Share of rows whose label is predicted; NaN once the weights overflowed. */
  async score(X: DistributedArray, y: DistributedArray): Promise<number> {
    const [x, { values: labels }] = await Promise.all([SmallNetwork.#fetch(X), SmallNetwork.#fetch(y)]);
    const width = x.values.length / x.rows;
    let hits = 0;
    for (let row = 0; row < x.rows; row++) {
      const out = this.#forward(x.values, row * width);
      let best = 0;
      for (let k = 1; k < out.length; k++) if ((out[k] as number) > (out[best] as number)) best = k;
      if (Number.isNaN(out[best])) return NaN;
      if (best === labels[row]) hits += 1;
    }
    return hits / x.rows;
  }

  #start(inputs: number, outputs: number): void {
    const sizes = [inputs, ...this.#params.hiddenLayerSizes, outputs];
    const rng = new CounterRng(this.#params.randomState, "weights");
    this.#layers = sizes.slice(1).map((to, k) => {
      const from = sizes[k] as number;
      const bound = Math.sqrt(6 / (from + to));
      const size = to * (from + 1);
      return {
        inputs: from,
        outputs: to,
        weights: Float64Array.from({ length: size }, (_, i) => bound * (2 * rng.uniform(i, k) - 1)),
        gradient: new Float64Array(size),
        velocity: new Float64Array(size),
        out: new Float64Array(to),
        delta: new Float64Array(to),
      };
    });
  }

  /** The last layer's outputs before the softmax. */
  #forward(x: Float64Array, at: number): Float64Array {
    let input = x;
    let from = at;
    const last = this.#layers.length - 1;
    for (let l = 0; l <= last; l++) {
      const { inputs, outputs, weights, out } = this.#layers[l] as Layer;
      const stride = inputs + 1;
      let o = 0;
      // Two neurons at a time: sums that do not wait for one another.
      for (let w = 0; o + 2 <= outputs; o += 2, w += 2 * stride) {
        const v = w + stride;
        let a = weights[w + inputs] as number;
        let b = weights[v + inputs] as number;
        for (let i = 0; i < inputs; i++) {
          const value = input[from + i] as number;
          a += (weights[w + i] as number) * value;
          b += (weights[v + i] as number) * value;
        }
        out[o] = l < last && a < 0 ? 0 : a;
        out[o + 1] = l < last && b < 0 ? 0 : b;
      }
      if (o < outputs) {
        const w = o * stride;
        let a = weights[w + inputs] as number;
        for (let i = 0; i < inputs; i++) a += (weights[w + i] as number) * (input[from + i] as number);
        out[o] = l < last && a < 0 ? 0 : a;
      }
      input = out;
      from = 0;
    }
    return input;
  }

  /** Adds the gradient of one row's log loss. */
  #backward(x: Float64Array, at: number, label: number): void {
    const top = this.#layers.length - 1;
    const { out, delta } = this.#layers[top] as Layer;
    let most = -Infinity;
    for (let k = 0; k < out.length; k++) most = Math.max(most, out[k] as number);
    let total = 0;
    for (let k = 0; k < out.length; k++) total += delta[k] = Math.exp((out[k] as number) - most);
    for (let k = 0; k < out.length; k++) delta[k] = (delta[k] as number) / total - (k === label ? 1 : 0);
    for (let l = top; l >= 0; l--) {
      const { inputs, outputs, weights, gradient, delta: own } = this.#layers[l] as Layer;
      const below = this.#layers[l - 1];
      const stride = inputs + 1;
      if (!below) {
        for (let o = 0, w = 0; o < outputs; o++, w += stride) {
          const d = own[o] as number;
          if (d === 0) continue;
          for (let i = 0; i < inputs; i++) gradient[w + i] = (gradient[w + i] as number) + d * (x[at + i] as number);
          gradient[w + inputs] = (gradient[w + inputs] as number) + d;
        }
        return;
      }
      const { out: input, delta: under } = below;
      for (let i = 0; i < inputs; i++) under[i] = 0;
      for (let o = 0, w = 0; o < outputs; o++, w += stride) {
        const d = own[o] as number;
        if (d === 0) continue;
        for (let i = 0; i < inputs; i++) {
          gradient[w + i] = (gradient[w + i] as number) + d * (input[i] as number);
          under[i] = (under[i] as number) + d * (weights[w + i] as number);
        }
        gradient[w + inputs] = (gradient[w + inputs] as number) + d;
      }
      // The derivative of relu.
      for (let i = 0; i < inputs; i++) if (!((input[i] as number) > 0)) under[i] = 0;
    }
  }

  #step(x: Float64Array, width: number, labels: Float64Array, batch: Uint32Array, rate: number): void {
    const { alpha, momentum, nesterovsMomentum } = this.#params;
    for (const { gradient } of this.#layers) gradient.fill(0);
    for (let b = 0; b < batch.length; b++) {
      const row = batch[b] as number;
      this.#forward(x, row * width);
      this.#backward(x, row * width, labels[row] as number);
    }
    for (const { inputs, weights, gradient, velocity } of this.#layers) {
      for (let k = 0; k < weights.length; k++) {
        const penalty = k % (inputs + 1) === inputs ? 0 : alpha * (weights[k] as number);
        const g = ((gradient[k] as number) + penalty) / batch.length;
        const v = momentum * (velocity[k] as number) - rate * g;
        velocity[k] = v;
        weights[k] = (weights[k] as number) + (nesterovsMomentum ? momentum * v - rate * g : v);
      }
    }
  }

  /** The order of rows in a call, the same for all models of one seed: drawing it costs as much as a step. */
  static #orderOf(seed: number, call: number, rows: number): Uint32Array {
    const key = `${seed}/${call}/${rows}`;
    const known = SmallNetwork.#orders.get(key);
    if (known) return known;
    const rng = new CounterRng(seed, "order");
    const order = Uint32Array.from({ length: rows }, (_, k) => k);
    for (let k = rows - 1; k > 0; k--) {
      const other = Math.floor(rng.uniform(k, call) * (k + 1));
      [order[k], order[other]] = [order[other] as number, order[k] as number];
    }
    SmallNetwork.#orders.set(key, order);
    return order;
  }

  static #fetch(of: DistributedArray): Promise<LocalRows> {
    const known = SmallNetwork.#local.get(of);
    if (known) return known;
    const fetched = of.compute().then((local) => ({ rows: local.rows, values: local.toFlat() }));
    SmallNetwork.#local.set(of, fetched);
    return fetched;
  }
}
