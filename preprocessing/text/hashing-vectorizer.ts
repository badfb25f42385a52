import { throwIfAborted } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { LabelInput, VectorInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { assertNotEmpty, type FittedTable } from "../../src/estimator/table.js";
import { hashParams, type HashParams } from "./hash-params.js";
import { normParam } from "./idf.js";
import { analysisOf, checkTextParams, textParams, type TextParams } from "./text-params.js";
import { documentTable, fittedOf, TextVectorizer, type TextInput } from "./text-vectorizer.js";

/** Parameters of {@link HashingVectorizer}. */
export interface HashingVectorizerParams extends TextParams, HashParams {
  binary: boolean;
  norm: null | "l1" | "l2";
}

const TABLE = new ParamTable<HashingVectorizerParams>("HashingVectorizer", (z) =>
  z.object({
    ...textParams(z),
    ...hashParams(z),
    binary: z.boolean().default(false).describe("1 for a column that a term of the document has, however often"),
    norm: normParam(z),
  }),
);

/**
 * Counts of the terms of documents in a fixed number of columns: a term's column is its hash, so that there is no
 * vocabulary to learn, to keep or to send.
 *
 * With h the MurmurHash3 of the term's UTF-8 bytes (32 bits, seed 0, signed), the column is `|h| mod nFeatures` and, with
 * `alternateSign`, the term counts −1 where h is negative, so that terms that meet in one column cancel on average. Columns
 * and values equal scikit-learn's. Then each row is divided by its `norm`.
 *
 * `fit` records the column and reads nothing; `transform` works without it. It is lazy, one pass, and gives
 * `(nDocuments, nFeatures)`, f64, layout "csr". X is as for {@link CountVectorizer}. Sample weights do not matter.
 *
 * Reference: K. Weinberger et al. (2009). Feature hashing for large scale multitask learning. ICML.
 *
 * Differs from scikit-learn: `stopWords` and a `tokenPattern` with analyzers of characters are an error, not ignored.
 *
 * @example
 * ```ts
 * const X = new HashingVectorizer({ nFeatures: 2 ** 16 }).transform(["the sea", "the sky"]);
 * X.shape; // [2, 65536]
 * ```
 */
export class HashingVectorizer extends TextVectorizer<HashingVectorizerParams, FittedTable> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter, a value out of range, or values that contradict each other */
  constructor(params: Partial<HashingVectorizerParams> = {}) {
    super(TABLE, params);
    checkTextParams(this.kind, this.params);
  }

  static fromJSON(json: EstimatorJson): HashingVectorizer {
    return new HashingVectorizer().restore(json);
  }

  override setParams(params: Partial<HashingVectorizerParams>): this {
    checkTextParams(this.kind, TABLE.parse({ ...this.params, ...params }));
    return super.setParams(params);
  }

  /** Records the column; reads no documents. @throws DataError for X that is not one column of text, or no documents */
  async fit(X: TextInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "HashingVectorizer.fit";
    throwIfAborted(options.signal, owner);
    const table = documentTable(owner, X);
    assertNotEmpty(owner, table);
    this.setState(fittedOf(table));
    return this;
  }

  /** `hashingvectorizer0`, `hashingvectorizer1`, ...: what a column means is not known. */
  getFeatureNamesOut(): string[] {
    return Array.from({ length: this.params.nFeatures }, (_, j) => `hashingvectorizer${j}`);
  }

  /** For column transformers: documents have far fewer terms than this has columns, unless it has few. */
  get outputDensity(): number | undefined {
    return this.params.nFeatures >= 2 ** 14 ? 0 : undefined;
  }

  protected rowTask(): { step: string; args: Record<string, unknown>; width: number } {
    const { nFeatures, alternateSign, binary, norm } = this.params;
    const args = {
      analysis: analysisOf(this.params),
      nFeatures,
      alternateSign,
      binary,
      sublinear: false,
      scale: null,
      norm,
    };
    return { step: "hashRowsStep", args, width: nFeatures };
  }
}

registerEstimator("HashingVectorizer", HashingVectorizer);
