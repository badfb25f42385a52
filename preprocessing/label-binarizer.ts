import { DataError, ParameterError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { LocalMatrix } from "../src/collections/array/local-matrix.js";
import type { DistributedSeries, FrameRunOptions } from "../src/collections/frame/distributed-series.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { toDense } from "../src/estimator/frame-transformer.js";
import { isLocal, toMatrix, type MatrixInput } from "../src/estimator/inputs.js";
import type { Label } from "../src/estimator/labels.js";
import type { Column, CsrChunk, DenseChunk } from "../src/memory/column.js";
import { codesOf, learnLabels, type Labels } from "./label-codes.js";
import { LabelTransformer, sortedClasses } from "./label-transformer.js";

/** Parameters of {@link LabelBinarizer}. */
export interface LabelBinarizerParams {
  negLabel: number;
  posLabel: number;
  sparseOutput: boolean;
}

const TABLE = new ParamTable<LabelBinarizerParams>("LabelBinarizer", (z) =>
  z.object({
    negLabel: z.int().default(0).describe("the number for other classes"),
    posLabel: z.int().default(1).describe("the number for a row's own class; above negLabel"),
    sparseOutput: z.boolean().default(false).describe("compressed rows for distributed labels; needs negLabel 0"),
  }),
);

/**
 * One column a class: `posLabel` in the column of a row's class, `negLabel` elsewhere. Two classes share one column, which is
 * positive for the second; a single class has one column of `negLabel`.
 *
 * `fit` is one pass over y. `transform` is lazy for distributed labels (dense, or compressed rows with `sparseOutput`), and
 * gives a {@link LocalMatrix} at once for local ones. `inverseTransform` takes such columns, or scores: the class of the
 * largest of several columns, the first of equal ones; of one column the second class above `threshold`. It takes y and not
 * X, and is no estimator. `partialFit` and {@link merge} equal one fit on all labels.
 *
 * Differs from scikit-learn: a label that fit has not seen is an error, not a row of `negLabel`; columns of zeros and ones as
 * y are for {@link MultiLabelBinarizer}.
 *
 * @example
 * ```ts
 * const binarizer = await new LabelBinarizer().fit(["b", "a", "c"]);
 * binarizer.transform(["a", "c"]).toRows(); // [[1, 0, 0], [0, 0, 1]]
 * await binarizer.inverseTransform([[0.2, 0.1, 0.7]]); // ["c"]
 * ```
 */
export class LabelBinarizer extends LabelTransformer<LabelBinarizerParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter, a negLabel that is not below posLabel, or sparse output with a negLabel */
  constructor(params: Partial<LabelBinarizerParams> = {}) {
    super(TABLE, params);
    const { negLabel, posLabel, sparseOutput } = this.params;
    if (negLabel >= posLabel)
      throw new ParameterError(
        `LabelBinarizer: negLabel must be below posLabel; got ${negLabel} and ${posLabel}. The defaults are 0 and 1.`,
      );
    if (sparseOutput && negLabel !== 0)
      throw new ParameterError(
        `LabelBinarizer: negLabel must be 0 with sparseOutput; got ${negLabel}. Absent entries are zeros.`,
      );
  }

  static fromJSON(json: EstimatorJson): LabelBinarizer {
    return new LabelBinarizer().restore(json);
  }

  /** @throws DataError for no labels, missing ones, mixed types, or more than 100,000 distinct ones */
  async fit(y: Labels, options: FrameRunOptions = {}): Promise<this> {
    return this.setClasses(await learnLabels("LabelBinarizer.fit", y, options));
  }

  /** Adds labels to those that are known. @throws DataError as `fit` */
  async partialFit(y: Labels, options: FrameRunOptions = {}): Promise<this> {
    const owner = "LabelBinarizer.partialFit";
    return this.setClasses(sortedClasses(owner, [...this.known, ...(await learnLabels(owner, y, options))]));
  }

  /** The binarizer of all labels that two know, with the parameters of the first. @throws DataError for labels of two types */
  static merge(a: LabelBinarizer, b: LabelBinarizer): LabelBinarizer {
    const classes = sortedClasses("LabelBinarizer.merge", [...a.classes, ...b.classes]);
    return new LabelBinarizer(a.getParams()).setClasses(classes);
  }

  /** Columns of the result. */
  get width(): number {
    return this.classes.length <= 2 ? 1 : this.classes.length;
  }

  /** Columns of numbers; lazy for distributed labels. @throws DataError naming the row of a label that is not among the classes */
  transform(y: DistributedSeries | DistributedArray): DistributedArray;
  transform(y: ArrayLike<Label>): LocalMatrix;
  transform(y: Labels): DistributedArray | LocalMatrix {
    const { width } = this;
    const { negLabel, posLabel, sparseOutput } = this.params;
    const codes = codesOf("LabelBinarizer.transform", this.classes, y);
    const only = this.classes.length === 1;
    const args = { width, first: width === 1 ? 1 : 0, low: negLabel, high: only ? negLabel : posLabel };
    if (codes instanceof DistributedArray) {
      const step = fnRef(import.meta.url, sparseOutput ? "hotCsr" : "hotDense");
      return codes.mapChunks("LabelBinarizer", step, args, {
        innerShape: [width],
        names: undefined,
        layout: sparseOutput ? "csr" : "dense",
        dtype: "f64",
      });
    }
    const columns = Array.from({ length: width }, () => new Float64Array(codes.length));
    columns.forEach((column, k) => fillHot(codes, column, k, args));
    return new LocalMatrix(columns, codes.length);
  }

  /** `fit`, then the columns of the same labels. */
  async fitTransform(y: Labels, options: FrameRunOptions = {}): Promise<DistributedArray | LocalMatrix> {
    await this.fit(y, options);
    return this.transform(y as DistributedArray);
  }

  /**
   * The labels of columns or scores, computed.
   * @param options `threshold`: what a single column has to exceed for the second class; the middle unless given
   * @throws DataError for another number of columns
   */
  async inverseTransform(
    Y: MatrixInput,
    options: FrameRunOptions & { readonly threshold?: number } = {},
  ): Promise<Label[]> {
    const owner = "LabelBinarizer.inverseTransform";
    const { classes, width } = this;
    const { threshold = (this.params.posLabel + this.params.negLabel) / 2, ...run } = options;
    const array = toMatrix(owner, Y);
    if (array.width !== width)
      throw new DataError(
        `${owner}: Y has ${array.width} columns, but ${classes.length} classes have ${width}. Pass what transform returned, or scores.`,
      );
    const local = await toDense(array).compute(isLocal(Y) ? {} : run);
    return Array.from({ length: local.rows }, (_, i) => {
      if (width === 1) return classes[local.at(i) > threshold ? classes.length - 1 : 0] as Label;
      let best = 0;
      for (let k = 1; k < width; k++) if (local.at(i, k) > local.at(i, best)) best = k;
      return classes[best] as Label;
    });
  }
}

interface HotArgs {
  readonly width: number;
  /** The code that column 0 stands for. */
  readonly first: number;
  readonly low: number;
  readonly high: number;
}

function fillHot(codes: ArrayLike<number>, out: Float64Array, k: number, { first, low, high }: HotArgs): void {
  for (let i = 0; i < out.length; i++) out[i] = codes[i] === k + first ? high : low;
}

/** Columns of one partition's codes. */
export function hotDense(context: TaskContext, args: HotArgs & Plain, codes: DenseChunk): DenseChunk {
  const own = context.memory.view(codes.columns[0] as Column<"f64">);
  const out = context.memory.dense("f64", codes.rows, args.width);
  out.columns.forEach((column, k) => fillHot(own, context.memory.view(column), k, args));
  return out;
}

/** Compressed rows of one partition's codes: one entry a row, none where its column is not there. */
export function hotCsr(context: TaskContext, args: HotArgs & Plain, codes: DenseChunk): CsrChunk {
  const own = context.memory.view(codes.columns[0] as Column<"f64">);
  const isThere = (code: number): boolean => code >= args.first && args.high !== 0;
  const nnz = own.reduce((sum, code) => sum + Number(isThere(code)), 0);
  const out = context.memory.csr(codes.rows, args.width, nnz);
  const [indptr, indices] = [context.memory.view(out.indptr), context.memory.view(out.indices)];
  context.memory.view(out.values).fill(args.high);
  let at = 0;
  indptr[0] = 0;
  for (let i = 0; i < codes.rows; i++) {
    const code = own[i] as number;
    if (isThere(code)) indices[at++] = code - args.first;
    indptr[i + 1] = at;
  }
  return out;
}
