import { setImmediate as turn } from "node:timers/promises";
import { DataError, FitError, throwIfAborted } from "../../src/base/errors.js";
import { shuffleInPlace } from "../../src/base/shuffle.js";
import type { HeldPlan } from "../../src/collections/plan.js";
import { PlanRun } from "../../src/collections/plan-run.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { dealBlocks } from "../../src/estimator/dealt-blocks.js";
import type { Design } from "../../src/estimator/design.js";
import type { TfjsBackend, TfOptimizer, TfTensor } from "../../src/exchange/tfjs/tfjs-runtime.js";
import { joined, Network, neuralRuntime, parted } from "./network.js";
import type { NeuralParams } from "./neural-params.js";
import type { LocalBlock } from "./neural-tasks.js";

const LOCAL = fnRef(new URL("./neural-tasks.js", import.meta.url).href, "localBlock");
/** How long steps may keep the process from its other work: signals, timers, other fits. */
const SLICE_MS = 20;

/** Where training starts: a network, and what its optimizer knows. */
export interface NeuralStart {
  readonly weights: Float32Array;
  readonly optimizer?: string;
  readonly moments?: Float32Array;
  readonly steps?: number;
  readonly epochs?: number;
}

/** What is trained, and how long. */
export interface NeuralProblem {
  readonly params: NeuralParams;
  readonly topology: string;
  /** Weights of the classes in the loss, log loss with them; undefined for squared error. */
  readonly classFactors?: Float64Array;
  readonly start?: NeuralStart | undefined;
}

/** What training keeps, as plain data. */
export interface TrainedNetwork {
  readonly topology: string;
  readonly weights: Float32Array;
  readonly optimizer: string;
  /** What the optimizer keeps of each weight. */
  readonly moments: Float32Array;
  /** Steps and epochs so far: the numbers that dropout and the next order of rows are drawn by. */
  readonly steps: number;
  readonly epochs: number;
  readonly nIter: number;
  readonly converged: boolean;
  readonly lossCurve: Float64Array;
  readonly validationCurve: Float64Array;
  readonly backend: TfjsBackend;
}

/**
 * Trains in the driver's thread: rows are dealt to blocks by their number among all rows, kept where they are and fetched
 * a block at a time, so that neither memory nor the model depends on how the rows were partitioned.
 */
export async function trainNetwork(design: Design, problem: NeuralProblem): Promise<TrainedNetwork> {
  const { owner, nFeatures } = design;
  const { params, topology, start } = problem;
  if (design.layout === "csr")
    throw new DataError(
      `${owner}: X is sparse; networks take dense rows. Pass those: encoders make them with sparseOutput: false.`,
    );
  const { tf, backend } = await neuralRuntime(owner);
  using network = await Network.open(owner, tf, topology, nFeatures);
  checkOutputs(owner, network, problem.classFactors?.length);
  if (start) network.setWeights(owner, start.weights);
  else network.initialise(params.randomState);
  const blocks = await dealBlocks(design, {
    batchSize: params.batchSize,
    shuffle: true,
    seed: params.randomState,
    validation: params.earlyStopping ? params.validationFraction : 0,
  });
  // The blocks hold all that is needed.
  design[Symbol.dispose]();
  const optimizer = tf.train[params.optimizer](params.learningRate);
  try {
    if (start?.optimizer === params.optimizer && start.moments)
      await restoreOptimizer(owner, optimizer, network, start.moments, start.steps ?? 0);
    const training = new Training(design, problem, network, optimizer, blocks);
    await training.run();
    return { topology, optimizer: params.optimizer, ...(await training.result()), backend };
  } finally {
    optimizer.dispose();
    blocks.release();
  }
}

function checkOutputs(owner: string, { outputs }: Network, classes: number | undefined): void {
  const wanted = classes === undefined ? [1] : classes === 2 ? [1, 2] : [classes];
  if (!wanted.includes(outputs))
    throw new DataError(
      `${owner}: build has ${outputs} outputs; ${classes === undefined ? "a regressor" : `${classes} classes`} need ${wanted.join(" or ")}. Change its last layer.`,
    );
}

async function restoreOptimizer(
  owner: string,
  optimizer: TfOptimizer,
  { tf, trainable }: Network,
  moments: Float32Array,
  steps: number,
): Promise<void> {
  const size = trainable.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  if (!Number.isInteger(moments.length / size))
    throw new DataError(`${owner}: its state is damaged: moments has ${moments.length} values. Save the model again.`);
  const shapes = Array.from({ length: moments.length / size }, () => trainable.map(({ shape }) => shape)).flat();
  const kept = [tf.tensor(Int32Array.of(steps), [], "int32"), ...parted(tf, shapes, moments)];
  await optimizer.setWeights(kept.map((tensor, k) => ({ name: `moment_${k}`, tensor })));
  for (const tensor of kept) tensor.dispose();
}

class Training {
  readonly #lossCurve: number[] = [];
  readonly #validationCurve: number[] = [];
  #steps: number;
  #epochs: number;
  #best: Float32Array | undefined;
  #converged = false;
  #turned = performance.now();
  #only: LocalBlock | undefined;

  constructor(
    readonly design: Design,
    readonly problem: NeuralProblem,
    readonly network: Network,
    readonly optimizer: TfOptimizer,
    readonly blocks: HeldPlan,
  ) {
    this.#steps = problem.start?.steps ?? 0;
    this.#epochs = problem.start?.epochs ?? 0;
  }

  /** Epochs until the loss (or that of the rows set aside) no longer improves. */
  async run(): Promise<void> {
    const { owner, onProgress } = this.design;
    const { epochs, earlyStopping, tol, patience } = this.problem.params;
    let best = Infinity;
    let bestKept = Infinity;
    let stale = 0;
    for (let epoch = 0; epoch < epochs && !this.#converged; epoch++) {
      const loss = await this.#epoch();
      if (!Number.isFinite(loss))
        throw new FitError(
          `${owner}: the loss is ${loss} in epoch ${epoch + 1}. Scale X (StandardScaler) and y, or pass a smaller learningRate.`,
        );
      this.#lossCurve.push(loss);
      const validation = earlyStopping ? await this.#validate() : undefined;
      if (validation !== undefined) this.#validationCurve.push(validation);
      const mark = validation ?? loss;
      stale = tol !== null && mark > best - tol ? stale + 1 : 0;
      best = Math.min(best, mark);
      if (earlyStopping && mark < bestKept) {
        bestKept = mark;
        this.#best = this.network.getWeights();
      }
      this.#converged = stale >= patience;
      const detail = { loss, ...(validation === undefined ? {} : { validationLoss: validation }) };
      onProgress?.({ stage: owner, done: this.#converged ? epochs : epoch + 1, total: epochs, detail });
    }
  }

  async result(): Promise<Omit<TrainedNetwork, "topology" | "optimizer" | "backend">> {
    const kept = await this.optimizer.getWeights();
    const moments = joined(kept.slice(1).map(({ tensor }) => tensor));
    // The count is a tensor made for this call; the others are the optimizer's.
    kept[0]?.tensor.dispose();
    return {
      weights: this.#best ?? this.network.getWeights(),
      moments,
      steps: this.#steps,
      epochs: this.#epochs,
      nIter: this.#lossCurve.length,
      converged: this.#converged || this.problem.params.tol === null,
      lossCurve: Float64Array.from(this.#lossCurve),
      validationCurve: Float64Array.from(this.#validationCurve),
    };
  }

  /** One pass in a new order: the mean loss of the rows, each before its step, with the penalty. */
  async #epoch(): Promise<number> {
    const { batchSize, randomState: seed } = this.problem.params;
    const epoch = this.#epochs++;
    const visits = Uint32Array.from({ length: this.blocks.partitions }, (_, k) => k);
    shuffleInPlace(visits, seed, "neural order of blocks", epoch);
    let total = 0;
    let weight = 0;
    for (const index of visits) {
      const block = await this.#fetch(index);
      const order = Uint32Array.from({ length: block.train }, (_, k) => k);
      shuffleInPlace(order, seed, `neural order of block ${index}`, epoch);
      for (let from = 0; from < order.length; from += batchSize) {
        const batch = this.#batch(block, order.subarray(from, from + batchSize));
        if (!(batch.weight > 0)) continue;
        total += batch.weight * this.#step(batch);
        weight += batch.weight;
        await this.#yield();
      }
    }
    if (!(weight > 0))
      throw new FitError(
        `${this.design.owner}: no rows with a weight are left to learn from. Lower validationFraction, or fit on more rows.`,
      );
    return total / weight;
  }

  #step(batch: Batch): number {
    const { network, optimizer } = this;
    const { tf } = network;
    network.seedStep(this.problem.params.randomState, this.#steps++);
    const objective = (): TfTensor => tf.add(this.#loss(batch, true), this.#penalty());
    try {
      return tf.tidy(() => {
        const { value, grads } = tf.variableGrads(objective, network.trainable);
        const loss = value.dataSync()[0] as number;
        optimizer.applyGradients(grads);
        return loss;
      });
    } catch (cause) {
      // The WebAssembly backend runs convolutions but has no gradients of them.
      throw new FitError(
        `${this.design.owner}: tfjs cannot train this network: ${(cause as Error).message}. Run \`npm install @tensorflow/tfjs-node\`, which trains all layers, or use others.`,
        { cause },
      );
    }
  }

  async #validate(): Promise<number> {
    let total = 0;
    let weight = 0;
    for (let index = 0; index < this.blocks.partitions; index++) {
      const block = await this.#fetch(index);
      for (let from = block.train; from < block.rows; from += BATCH_ROWS) {
        const length = Math.min(BATCH_ROWS, block.rows - from);
        const batch = this.#batch(
          block,
          Uint32Array.from({ length }, (_, k) => from + k),
        );
        if (!(batch.weight > 0)) continue;
        total += batch.weight * this.network.tf.tidy(() => this.#loss(batch, false).dataSync()[0] as number);
        weight += batch.weight;
        await this.#yield();
      }
    }
    if (weight > 0) return total / weight;
    throw new FitError(
      `${this.design.owner}: earlyStopping found no rows with a weight to validate on. Raise validationFraction, or fit on more rows.`,
    );
  }

  /** Mean over the rows, by weight: ½ (output − y)², or −log of the probability of the row's class. */
  #loss({ x, rows, target, shares }: Batch, training: boolean): TfTensor {
    const { tf, probabilities, outputs } = this.network;
    const output = this.network.forward(x, rows, training);
    const w = tf.tensor(shares, [rows]);
    if (!this.problem.classFactors) {
      const residual = tf.sub(tf.reshape(output, [rows]), tf.tensor(target, [rows]));
      return tf.mul(0.5, tf.sum(tf.mul(tf.square(residual), w)));
    }
    const y = tf.tensor(target, [rows, target.length / rows]);
    // One output is that of the second class: its gradient is then that of two, also where it is exactly 0.
    const first = (): TfTensor => (probabilities ? tf.sub(1, output) : tf.zerosLike(output));
    const both = outputs === 1 ? tf.concat([first(), output], 1) : output;
    const logs = probabilities ? tf.log(tf.clipByValue(both, 1e-7, 1)) : tf.logSoftmax(both);
    return tf.neg(tf.sum(tf.mul(tf.sum(tf.mul(logs, y), 1), w)));
  }

  #penalty(): TfTensor {
    const { tf, trainable, model } = this.network;
    const { l2 } = this.problem.params;
    const kernels = l2 > 0 ? trainable.filter(({ shape }) => shape.length > 1) : [];
    const parts = kernels.map((kernel) => tf.mul(l2 / 2, tf.sum(tf.square(kernel))));
    return [...parts, ...model.calculateLosses()].reduce((a, b) => tf.add(a, b), tf.tensor(new Float32Array(1), []));
  }

  #batch(block: LocalBlock, rows: Uint32Array): Batch {
    const { classFactors } = this.problem;
    const p = block.x.length / block.rows;
    const classes = classFactors?.length ?? 1;
    const x = new Float32Array(rows.length * p);
    const target = new Float32Array(rows.length * classes);
    const shares = new Float32Array(rows.length);
    const weights = Array.from(rows, (row, i) => {
      const y = block.y[row] as number;
      x.set(block.x.subarray(row * p, (row + 1) * p), i * p);
      if (classFactors) target[i * classes + y] = 1;
      else target[i] = y;
      return (block.w?.[row] ?? 1) * (classFactors?.[y] ?? 1);
    });
    const weight = weights.reduce((sum, value) => sum + value, 0);
    weights.forEach((value, i) => (shares[i] = weight > 0 ? value / weight : 0));
    return { x, rows: rows.length, target, shares, weight };
  }

  async #fetch(index: number): Promise<LocalBlock> {
    if (this.#only) return this.#only;
    const { design, blocks } = this;
    const run = new PlanRun(design.engine);
    const key = await run.key(blocks, index);
    const local = run.add(LOCAL, { owner: design.owner }, [key], { index, of: design.owner });
    const [block] = await run.read<LocalBlock>([local], design.signal);
    if (blocks.partitions === 1) this.#only = block;
    return block as LocalBlock;
  }

  /** Lets signals and other work in, now and then: steps are synchronous. */
  async #yield(): Promise<void> {
    if (performance.now() - this.#turned > SLICE_MS) {
      await turn();
      this.#turned = performance.now();
    }
    throwIfAborted(this.design.signal, this.design.owner);
  }
}

const BATCH_ROWS = 4096;

interface Batch {
  readonly x: Float32Array;
  readonly rows: number;
  readonly target: Float32Array;
  /** Weights of the rows over their sum. */
  readonly shares: Float32Array;
  readonly weight: number;
}
