import { DataError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { LocalMatrix } from "../src/collections/array/local-matrix.js";
import { DistributedSeries, type FrameRunOptions } from "../src/collections/frame/distributed-series.js";
import { frameIn } from "../src/collections/frame/live-frame.js";
import { TaskPlan } from "../src/collections/plan.js";
import { reducePartitions } from "../src/collections/reduce.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { toDense } from "../src/estimator/frame-transformer.js";
import { isLocal, toMatrix, type MatrixInput } from "../src/estimator/inputs.js";
import type { Label } from "../src/estimator/labels.js";
import type { CsrChunk, DenseChunk } from "../src/memory/column.js";
import { LabelTransformer, sortedClasses } from "./label-transformer.js";

/** Several labels a row: a list of lists in this process, or a list column of a frame. */
export type LabelSets = readonly (readonly Label[])[] | DistributedSeries;

/** Parameters of {@link MultiLabelBinarizer}. */
export interface MultiLabelBinarizerParams {
  classes: readonly Label[] | null;
  handleUnknown: "error" | "ignore";
  sparseOutput: boolean;
}

const TABLE = new ParamTable<MultiLabelBinarizerParams>("MultiLabelBinarizer", (z) =>
  z.object({
    classes: z
      .union([z.null(), z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)])
      .default(null)
      .describe("the labels in the order of the columns, or null for what fit finds, ascending"),
    handleUnknown: z
      .enum(["error", "ignore"])
      .default("error")
      .describe("a label that is not among the classes: an error, or left out"),
    sparseOutput: z.boolean().default(false).describe("compressed rows for a distributed column"),
  }),
);

const LIMIT = 100_000;

/**
 * A column of zeros and ones for each label, for rows that have several labels or none.
 *
 * `fit` is one pass over y that lists its labels (none where `classes` are given). `transform` is lazy for a list column of
 * a frame (dense, or compressed rows with `sparseOutput`), and gives a {@link LocalMatrix} at once for lists in this process.
 * A missing list is an error. It takes y and not X, and is no estimator. `partialFit` and {@link merge} equal one fit on all
 * rows.
 *
 * Differs from scikit-learn: labels that fit has not seen are an error unless `handleUnknown` is "ignore" (scikit-learn warns);
 * labels are of one type.
 *
 * @example
 * ```ts
 * const binarizer = await new MultiLabelBinarizer().fit([["sea", "sun"], [], ["snow"]]);
 * binarizer.classes; // ["sea", "snow", "sun"]
 * binarizer.transform([["sun", "sea"]]).toRows(); // [[1, 0, 1]]
 * ```
 */
export class MultiLabelBinarizer extends LabelTransformer<MultiLabelBinarizerParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or value */
  constructor(params: Partial<MultiLabelBinarizerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): MultiLabelBinarizer {
    return new MultiLabelBinarizer().restore(json);
  }

  /** @throws DataError for a column without lists, missing lists, labels of two types, no labels at all, or too many */
  async fit(y: LabelSets, options: FrameRunOptions = {}): Promise<this> {
    return this.setClasses(await this.#learn("MultiLabelBinarizer.fit", y, options));
  }

  /** Adds labels to those that are known. @throws DataError as `fit` */
  async partialFit(y: LabelSets, options: FrameRunOptions = {}): Promise<this> {
    const owner = "MultiLabelBinarizer.partialFit";
    const found = await this.#learn(owner, y, options);
    return this.setClasses(this.params.classes ? found : sortedClasses(owner, [...this.known, ...found]));
  }

  /** The binarizer of all labels that two know, with the parameters of the first. @throws DataError for labels of two types, or other given classes */
  static merge(a: MultiLabelBinarizer, b: MultiLabelBinarizer): MultiLabelBinarizer {
    const owner = "MultiLabelBinarizer.merge";
    const given = a.params.classes;
    if (given && b.classes.some((label) => !given.includes(label)))
      throw new DataError(`${owner}: the second knows labels that are not among the classes given to the first.`);
    const classes = given ?? sortedClasses(owner, [...a.classes, ...b.classes]);
    return new MultiLabelBinarizer(a.getParams()).setClasses(classes);
  }

  /** Zeros and ones; lazy for a distributed column. @throws DataError naming the row of an unknown label */
  transform(y: DistributedSeries): DistributedArray;
  transform(y: readonly (readonly Label[])[]): LocalMatrix;
  transform(y: LabelSets): DistributedArray | LocalMatrix {
    const owner = "MultiLabelBinarizer.transform";
    const { classes } = this;
    const { handleUnknown, sparseOutput } = this.params;
    const args: SetArgs = { owner, column: null, classes, refuse: handleUnknown === "error" };
    if (!(y instanceof DistributedSeries)) {
      const columns = classes.map(() => new Float64Array(y.length));
      eachLabel(args, y, undefined, (row, k) => ((columns[k] as Float64Array)[row] = 1));
      return new LocalMatrix(columns, y.length);
    }
    requireLists(owner, y);
    const step = fnRef(import.meta.url, sparseOutput ? "setsCsr" : "setsDense");
    const plan = TaskPlan.blockwise(y.plan, "MultiLabelBinarizer", step, {
      ...args,
      column: y.name,
    } as unknown as Plain);
    return new DistributedArray({
      plan,
      innerShape: [classes.length],
      dtype: "f64",
      layout: sparseOutput ? "csr" : "dense",
      partitionRows: y.partitionRows,
      names: undefined,
    });
  }

  /** `fit`, then the columns of the same rows. */
  async fitTransform(y: LabelSets, options: FrameRunOptions = {}): Promise<DistributedArray | LocalMatrix> {
    await this.fit(y, options);
    return this.transform(y as DistributedSeries);
  }

  /** The labels of each row of zeros and ones, computed, in the order of the classes. @throws DataError for other columns or numbers */
  async inverseTransform(Y: MatrixInput, options: FrameRunOptions = {}): Promise<Label[][]> {
    const owner = "MultiLabelBinarizer.inverseTransform";
    const { classes } = this;
    const array = toMatrix(owner, Y);
    if (array.width !== classes.length)
      throw new DataError(
        `${owner}: Y has ${array.width} columns, but there are ${classes.length} classes. Pass what transform returned.`,
      );
    const local = await toDense(array).compute(isLocal(Y) ? {} : options);
    return Array.from({ length: local.rows }, (_, row) =>
      classes.filter((_label, k) => {
        const value = local.at(row, k);
        if (value !== 0 && value !== 1)
          throw new DataError(
            `${owner}: row ${row}, column ${k} is ${value}; only 0 and 1 are labels or none. Compare scores with a threshold first.`,
            { details: { row, column: k } },
          );
        return value === 1;
      }),
    );
  }

  async #learn(owner: string, y: LabelSets, options: FrameRunOptions): Promise<readonly Label[]> {
    const { classes } = this.params;
    if (classes) {
      const twice = classes.find((label, k) => classes.indexOf(label) !== k);
      if (twice !== undefined) throw new DataError(`${owner}: classes has ${show(twice)} twice. Name each once.`);
      return classes;
    }
    if (!(y instanceof DistributedSeries)) return sortedClasses(owner, [...new Set(y.flat())]);
    requireLists(owner, y);
    const union = (a: Label[], b: Label[]): Label[] => [...new Set([...a, ...b])];
    const args = { owner, column: y.name };
    const reduction = { label: owner, step: fnRef(import.meta.url, "labelsStep"), args, combine: union };
    return sortedClasses(owner, (await reducePartitions<Label[]>([y.plan], reduction, options)) ?? []);
  }
}

function requireLists(owner: string, y: DistributedSeries): void {
  if (y.dtype.startsWith("List")) return;
  throw new DataError(
    `${owner}: column ${show(y.name)} is ${y.dtype}; it needs lists of labels. Use LabelBinarizer for one label a row.`,
    { details: { column: y.name } },
  );
}

interface SetArgs {
  readonly owner: string;
  /** Null for lists in this process. */
  readonly column: string | null;
  readonly classes: readonly Label[];
  readonly refuse: boolean;
}

function setsIn(context: TaskContext, owner: string, column: string, value: unknown): readonly (readonly Label[])[] {
  const frame = frameIn(context, value, [column]);
  if (frame.height === 0) return [];
  const sets = frame.getColumn(column).toArray() as unknown as (Label[] | null)[];
  const row = sets.indexOf(null);
  if (row >= 0) {
    const partition = context.partition?.index ?? 0;
    throw new DataError(
      `${owner}: column ${show(column)} has no list in partition ${partition}, row ${row}. Fill such rows with an empty one, or drop them.`,
      { details: { column, partition, row } },
    );
  }
  return sets as Label[][];
}

/** The distinct labels of one partition. */
export function labelsStep(
  context: TaskContext,
  args: { readonly owner: string; readonly column: string },
  value: unknown,
): Label[] {
  const found = new Set<Label>();
  for (const set of setsIn(context, args.owner, args.column, value)) for (const label of set) found.add(label);
  if (found.size > LIMIT)
    throw new DataError(
      `${args.owner}: column ${show(args.column)} has more than ${LIMIT} labels in partition ${context.partition?.index ?? 0}.`,
    );
  return [...found];
}

function eachLabel(
  args: SetArgs,
  sets: readonly (readonly Label[])[],
  partition: number | undefined,
  use: (row: number, column: number) => void,
): void {
  const at = new Map(args.classes.map((label, k) => [label, k]));
  sets.forEach((set, row) => {
    for (const label of set) {
      const k = at.get(label);
      if (k !== undefined) use(row, k);
      else if (args.refuse) {
        const column = args.column === null ? "" : `column ${show(args.column)}, `;
        const part = partition === undefined ? "" : `partition ${partition}, `;
        throw new DataError(
          `${args.owner}: ${column}${part}row ${row}: ${show(label)} is not among the ${at.size} classes. Use handleUnknown: "ignore", or fit on rows that have it.`,
          { details: { row, ...(partition === undefined ? {} : { partition }) } },
        );
      }
    }
  });
}

/** Zeros and ones of one partition. */
export function setsDense(context: TaskContext, args: SetArgs, value: unknown): DenseChunk {
  const sets = setsIn(context, args.owner, args.column ?? "", value);
  const out = context.memory.dense("f64", sets.length, args.classes.length);
  const columns = out.columns.map((column) => context.memory.view(column));
  for (const column of columns) column.fill(0);
  eachLabel(args, sets, context.partition?.index ?? 0, (row, k) => ((columns[k] as Float64Array)[row] = 1));
  return out;
}

/** Compressed rows of one partition, columns ascending. */
export function setsCsr(context: TaskContext, args: SetArgs, value: unknown): CsrChunk {
  const sets = setsIn(context, args.owner, args.column ?? "", value);
  const rows: Set<number>[] = sets.map(() => new Set());
  eachLabel(args, sets, context.partition?.index ?? 0, (row, k) => rows[row]?.add(k));
  const nnz = rows.reduce((sum, row) => sum + row.size, 0);
  const out = context.memory.csr(sets.length, args.classes.length, nnz);
  const [indptr, indices] = [context.memory.view(out.indptr), context.memory.view(out.indices)];
  context.memory.view(out.values).fill(1);
  let at = 0;
  indptr[0] = 0;
  rows.forEach((row, i) => {
    for (const k of [...row].sort((a, b) => a - b)) indices[at++] = k;
    indptr[i + 1] = at;
  });
  return out;
}
