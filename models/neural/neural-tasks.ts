import { DataError } from "../../src/base/errors.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { findNonFinite, nonFiniteError } from "../../src/estimator/design-tasks.js";
import { KeptResources } from "../../src/exchange/kept-resources.js";
import type { DenseChunk } from "../../src/memory/column.js";
import type { DealtBlock, RowMajor } from "../../src/estimator/dealing-tasks.js";
import { Network, neuralRuntime } from "./network.js";
import { checkStored } from "./stored-network.js";

/** The rows of a block, in the driver. */
export interface LocalBlock {
  readonly rows: number;
  /** Rows to learn from, which come first. */
  readonly train: number;
  /** Row-major. */
  readonly x: Float32Array;
  readonly y: Float64Array;
  readonly w?: Float64Array;
}

/** A block as plain arrays, in single precision. @throws DataError for values beyond its range */
export function localBlock({ memory }: TaskContext, args: { readonly owner: string }, block: DealtBlock): LocalBlock {
  const { values, rows } = block.x as RowMajor;
  const x = Float32Array.from(memory.view(values));
  assertSingle(args.owner, x);
  return {
    rows,
    train: block.train,
    x,
    y: memory.view(block.y).slice(),
    ...(block.w ? { w: memory.view(block.w).slice() } : {}),
  };
}

function assertSingle(owner: string, x: Float32Array): void {
  const at = x.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new DataError(
      `${owner}: X has a value beyond the range of float32 (3.4e38), in which networks compute. Scale X first (StandardScaler).`,
    );
}

/** What prediction is told. */
export interface NeuralArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly topology: string;
  readonly weights: Float32Array;
  /** Of topology and weights: what a thread knows the network by. */
  readonly hash: string;
  /** What becomes of the outputs: values as they are, probabilities of classes, or the label of the largest. */
  readonly as: "value" | "probability" | "label";
  /** Of a classifier. */
  readonly labels: readonly number[];
}

const ROWS = 4096;
const open = new KeptResources<Network>(4, (network) => network[Symbol.dispose]());

/** The predictions of one partition, by the network that the thread keeps. @throws DataError naming a NaN or infinity in X */
export async function neuralStep(context: TaskContext, args: NeuralArgs, x: DenseChunk): Promise<DenseChunk<"f64">> {
  const { memory } = context;
  const { owner, as, labels } = args;
  const found = findNonFinite(context, x);
  if (found) throw nonFiniteError(owner, args.names, context.partition?.index ?? 0, found);
  const p = x.columns.length;
  return open.use(
    args.hash,
    () => openFitted(args, p),
    async (network) => {
      const classes = as === "value" ? 1 : labels.length;
      if (network.outputs !== classes && !(network.outputs === 1 && classes === 2))
        throw new DataError(
          `${owner}: its state is damaged: the network has ${network.outputs} outputs for ${classes} classes. Save the model again.`,
        );
      const width = as === "probability" ? labels.length : 1;
      const out = memory.dense("f64", x.rows, width);
      for (let from = 0; from < x.rows; from += ROWS) {
        const rows = Math.min(ROWS, x.rows - from);
        const values = rowsOf(context, x, from, rows);
        assertSingle(owner, values);
        const raw = network.tf.tidy(() => network.forward(values, rows, false).dataSync());
        const targets = out.columns.map((column) => memory.view(column));
        for (let i = 0; i < rows; i++) {
          const row = raw.subarray(i * network.outputs, (i + 1) * network.outputs);
          const result = as === "value" ? row : probabilitiesOf(row, network.probabilities);
          if (as === "label") (targets[0] as Float64Array)[from + i] = labels[largest(result)] ?? 0;
          else targets.forEach((target, k) => (target[from + i] = result[k] as number));
        }
      }
      return out;
    },
  );
}

async function openFitted({ owner, topology, weights }: NeuralArgs, p: number): Promise<Network> {
  const { tf } = await neuralRuntime(owner);
  checkStored(owner, topology, weights, p);
  const network = await Network.open(owner, tf, topology, p);
  try {
    network.setWeights(owner, weights);
    return network;
  } catch (error) {
    network[Symbol.dispose]();
    throw error;
  }
}

function rowsOf({ memory }: TaskContext, x: DenseChunk, from: number, rows: number): Float32Array {
  const p = x.columns.length;
  const values = new Float32Array(rows * p);
  x.columns.forEach((column, j) => {
    const source = memory.view(column);
    for (let i = 0; i < rows; i++) values[i * p + j] = Number(source[from + i]);
  });
  return values;
}

/** Probabilities of the classes from one row of outputs, in doubles: one output is that of the second class. */
function probabilitiesOf(row: ArrayLike<number>, already: boolean): Float64Array {
  const [first = 0] = Array.from(row);
  if (row.length === 1)
    return already
      ? Float64Array.of(1 - first, first)
      : Float64Array.of(1 / (1 + Math.exp(first)), 1 / (1 + Math.exp(-first)));
  const top = Math.max(...Array.from(row));
  const parts = Float64Array.from(row, (value) => (already ? value : Math.exp(value - top)));
  const total = parts.reduce((sum, value) => sum + value, 0);
  return parts.map((value) => value / total);
}

function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] as number) > (values[best] as number)) best = k;
  return best;
}
