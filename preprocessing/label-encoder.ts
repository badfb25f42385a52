import { DataError, NotFittedError, show } from "../src/base/errors.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { DistributedSeries, type FrameRunOptions } from "../src/collections/frame/distributed-series.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { MODEL_VERSION } from "../src/estimator/estimator.js";
import type { Label } from "../src/estimator/labels.js";
import { TaskPlan } from "../src/collections/plan.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { reducePartitions } from "../src/collections/reduce.js";

/** Labels: a list of one type, a column of a frame, or a vector of numbers. */
export type Labels = ArrayLike<Label> | DistributedSeries | DistributedArray;

const LIMIT = 100_000;

/**
 * Labels as their position in the sorted list of distinct labels, for targets; features have {@link OrdinalEncoder}.
 * Classifiers code their labels themselves: this is for keeping codes.
 *
 * `fit` is one pass over y; distributed labels give a lazy vector of codes, local ones a `Float64Array`. It takes y and not
 * X, and is no estimator. Missing labels are refused. `partialFit` and {@link merge} equal one fit on all labels.
 *
 * Differs from scikit-learn: text sorts by UTF-16 code; labels of mixed types are refused.
 *
 * @example
 * ```ts
 * const encoder = await new LabelEncoder().fit(["b", "a", "b"]);
 * encoder.classes; // ["a", "b"]
 * encoder.transform(["b", "a"]); // Float64Array [1, 0]
 * encoder.inverseTransform([1]); // ["b"]
 * ```
 */
export class LabelEncoder {
  #classes: readonly Label[] | undefined;

  /** The name of the class. */
  readonly kind = "LabelEncoder";

  static fromJSON(json: EstimatorJson): LabelEncoder {
    if (json.kind !== "LabelEncoder")
      throw new DataError(`LabelEncoder: the JSON holds a ${show(json.kind)}. Load it with that class.`);
    if (json.version !== MODEL_VERSION)
      throw new DataError(
        `LabelEncoder: the JSON has version ${show(json.version)}; this library reads ${MODEL_VERSION}.`,
      );
    const encoder = new LabelEncoder();
    const state = json.state as { classes: readonly Label[] } | null;
    if (state) encoder.#classes = state.classes;
    return encoder;
  }

  /** @throws DataError for no labels, missing ones, mixed types, or more than 100,000 distinct ones */
  async fit(y: Labels, options: FrameRunOptions = {}): Promise<this> {
    const owner = "LabelEncoder.fit";
    this.#classes = sortedClasses(owner, await distinct(owner, y, options));
    return this;
  }

  /** Adds labels to those that are known; the codes of those that sort after a new one move up. @throws DataError as `fit` */
  async partialFit(y: Labels, options: FrameRunOptions = {}): Promise<this> {
    const owner = "LabelEncoder.partialFit";
    const found = await distinct(owner, y, options);
    this.#classes = sortedClasses(owner, [...(this.#classes ?? []), ...found]);
    return this;
  }

  /** The encoder of all labels that two encoders know. @throws DataError for labels of two types; NotFittedError */
  static merge(a: LabelEncoder, b: LabelEncoder): LabelEncoder {
    const merged = new LabelEncoder();
    merged.#classes = sortedClasses("LabelEncoder.merge", [...a.classes, ...b.classes]);
    return merged;
  }

  /** True once a fit has succeeded. */
  get isFitted(): boolean {
    return this.#classes !== undefined;
  }

  /** The distinct labels, ascending. @throws NotFittedError before fit */
  get classes(): readonly Label[] {
    if (!this.#classes)
      throw new NotFittedError("LabelEncoder: it is not fitted yet. Call `await encoder.fit(y)` first.");
    return this.#classes;
  }

  /** Codes; lazy for distributed labels. @throws DataError naming the row of a label that is not among the classes */
  transform(y: DistributedSeries | DistributedArray): DistributedArray;
  transform(y: ArrayLike<Label>): Float64Array;
  transform(y: Labels): DistributedArray | Float64Array {
    const { classes } = this;
    if (y instanceof DistributedSeries) return y.encode(classes);
    if (y instanceof DistributedArray) {
      assertVector("LabelEncoder.transform", y);
      const plan = TaskPlan.blockwise(y.plan, "LabelEncoder", fnRef(import.meta.url, "codeStep"), {
        classes: [...classes],
      });
      return new DistributedArray({ plan, innerShape: [], dtype: "f64", partitionRows: y.partitionRows });
    }
    const codeOf = new Map(classes.map((label, code) => [label, code]));
    return Float64Array.from(y, (label, row) => {
      const code = codeOf.get(label);
      if (code === undefined) throw unknownLabel(label, row, classes.length);
      return code;
    });
  }

  /** `fit`, then the codes of the same labels. */
  async fitTransform(y: Labels, options: FrameRunOptions = {}): Promise<DistributedArray | Float64Array> {
    await this.fit(y, options);
    return this.transform(y as DistributedArray);
  }

  /** The labels of codes. @throws DataError naming the row of a code that stands for none */
  inverseTransform(codes: ArrayLike<number>): Label[] {
    const { classes } = this;
    return Array.from(codes, (code, row) => {
      const label = classes[code];
      if (label === undefined) {
        throw new DataError(
          `LabelEncoder.inverseTransform: row ${row} is ${show(code)}; codes are 0 to ${classes.length - 1}.`,
          { details: { row } },
        );
      }
      return label;
    });
  }

  /** The encoder as JSON. */
  toJSON(): EstimatorJson {
    return {
      kind: this.kind,
      version: MODEL_VERSION,
      params: {},
      state: this.#classes ? { classes: [...this.#classes] } : null,
    };
  }
}

function sortedClasses(owner: string, found: readonly Label[]): Label[] {
  if (found.length === 0) throw new DataError(`${owner}: y has no labels. Check where it comes from.`);
  const type = typeof found[0];
  const other = found.find((label) => typeof label !== type || Number.isNaN(label));
  if (other !== undefined)
    throw new DataError(
      `${owner}: y has ${show(other)} among labels that are ${type}s. Use labels of one type, none missing.`,
    );
  return [...new Set(found)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

async function distinct(owner: string, y: Labels, options: FrameRunOptions): Promise<Label[]> {
  if (y instanceof DistributedSeries) {
    const values = await y.unique(options);
    if (values.includes(null))
      throw new DataError(`${owner}: column ${show(y.name)} has missing labels. Drop or fill them first.`, {
        details: { column: y.name },
      });
    return values as Label[];
  }
  if (!(y instanceof DistributedArray)) return [...new Set(Array.from(y))];
  assertVector(owner, y);
  const union = (a: number[], b: number[]): number[] => [...new Set([...a, ...b])];
  const step = fnRef(import.meta.url, "distinctStep");
  const found = await reducePartitions<number[]>(
    [y.plan],
    { label: owner, step, args: { owner, limit: LIMIT }, combine: union },
    options,
  );
  return found ?? [];
}

function assertVector(owner: string, y: DistributedArray): void {
  if (y.width !== 1 || y.layout === "csr")
    throw new DataError(`${owner}: y has ${y.width} columns; it needs one dense one.`);
}

/** The distinct numbers of one partition. */
export function distinctStep(context: TaskContext, args: { owner: string; limit: number }, y: DenseChunk): number[] {
  const found = new Set<number>();
  for (const value of context.memory.view(y.columns[0] as Column)) {
    found.add(Number(value));
    if (found.size > args.limit) {
      throw new DataError(
        `${args.owner}: y has more than ${args.limit} distinct values by partition ${context.partition?.index ?? 0}. Labels are fewer; bin a number first.`,
      );
    }
  }
  return [...found];
}

/** Codes of one partition. */
export function codeStep(context: TaskContext, args: { classes: Label[] }, y: DenseChunk): DenseChunk {
  const codeOf = new Map(args.classes.map((label, code) => [Number(label), code]));
  const out = context.memory.dense("f64", y.rows, 1);
  const target = context.memory.view(out.columns[0] as Column<"f64">);
  const values = context.memory.view(y.columns[0] as Column);
  for (let i = 0; i < y.rows; i++) {
    const code = codeOf.get(Number(values[i]));
    if (code === undefined)
      throw unknownLabel(Number(values[i]), i, args.classes.length, context.partition?.index ?? 0);
    target[i] = code;
  }
  return out;
}

function unknownLabel(label: unknown, row: number, known: number, partition?: number): DataError {
  const where = partition === undefined ? "" : `partition ${partition}, `;
  return new DataError(
    `LabelEncoder.transform: ${where}row ${row}: ${show(label)} is not among the ${known} classes. Fit on labels that have it.`,
    {
      details: { row, ...(partition === undefined ? {} : { partition }) },
    },
  );
}
