import { DataError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { DistributedSeries, FrameRunOptions } from "../src/collections/frame/distributed-series.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import type { Label } from "../src/estimator/labels.js";
import { codesOf, learnLabels, type Labels } from "./label-codes.js";
import { LabelTransformer, sortedClasses } from "./label-transformer.js";

const TABLE = new ParamTable<Record<string, never>>("LabelEncoder", (z) => z.object({}));

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
export class LabelEncoder extends LabelTransformer<Record<string, never>> {
  static readonly table = TABLE;

  constructor() {
    super(TABLE, {});
  }

  static fromJSON(json: EstimatorJson): LabelEncoder {
    return new LabelEncoder().restore(json);
  }

  /** @throws DataError for no labels, missing ones, mixed types, or more than 100,000 distinct ones */
  async fit(y: Labels, options: FrameRunOptions = {}): Promise<this> {
    return this.setClasses(await learnLabels("LabelEncoder.fit", y, options));
  }

  /** Adds labels to those that are known; the codes of those that sort after a new one move up. @throws DataError as `fit` */
  async partialFit(y: Labels, options: FrameRunOptions = {}): Promise<this> {
    const owner = "LabelEncoder.partialFit";
    const added = await learnLabels(owner, y, options);
    return this.setClasses(sortedClasses(owner, [...this.known, ...added]));
  }

  /** The encoder of all labels that two encoders know. @throws DataError for labels of two types; NotFittedError */
  static merge(a: LabelEncoder, b: LabelEncoder): LabelEncoder {
    return new LabelEncoder().setClasses(sortedClasses("LabelEncoder.merge", [...a.classes, ...b.classes]));
  }

  /** Codes; lazy for distributed labels. @throws DataError naming the row of a label that is not among the classes */
  transform(y: DistributedSeries | DistributedArray): DistributedArray;
  transform(y: ArrayLike<Label>): Float64Array;
  transform(y: Labels): DistributedArray | Float64Array {
    return codesOf("LabelEncoder.transform", this.classes, y);
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
}
