import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { WeighArgs } from "./text-tasks.js";
import {
  vocabularyParams,
  VocabularyVectorizer,
  type VocabularyParams,
  type VocabularyState,
} from "./vocabulary-vectorizer.js";

/** Parameters of {@link CountVectorizer}. */
export type CountVectorizerParams = VocabularyParams;

const TABLE = new ParamTable<CountVectorizerParams>("CountVectorizer", (z) => z.object(vocabularyParams(z)));

/**
 * Counts of the terms of documents: a column for each term, in compressed rows.
 *
 * X is one column of text: a frame's column, a frame of one column, or a list of strings. Terms are words, or runs of words
 * or characters (`analyzer`, `ngramRange`), and columns are in the order of the terms' code points, as in scikit-learn.
 *
 * `fit` is **one pass**: each partition counts its terms in a table of its own, and only terms and counts travel, merged in
 * a tree. `minDf`, `maxDf` and `maxFeatures` are about all documents of all partitions. `transform` is lazy and another
 * pass; the result is `(nDocuments, nTerms)`, f64, layout "csr", for local lists too, and terms that fit has not seen are
 * left out. Text is cut in WebAssembly, on the bytes that the frame has; documents with characters beyond ASCII, and all
 * with a `tokenPattern` of one's own, go through JavaScript's strings, which takes about as long as scikit-learn.
 *
 * `partialFit` and {@link merge} keep the counts of all terms, also of those that the limits leave out, and equal one fit
 * on all documents; {@link forgetPruned} lets those go. With sample weights, documents and occurrences count Σw.
 *
 * Differs from scikit-learn: `maxDf: 1` is its `max_df=1.0`; of equally frequent terms at the edge of `maxFeatures` the
 * first in order stays; `stopWords` and a `tokenPattern` with analyzers of characters, and limits with a given vocabulary,
 * are an error, not ignored; there are no functions as analyzers.
 *
 * @example
 * ```ts
 * const vectorizer = new CountVectorizer();
 * const counts = await vectorizer.fitTransform(["a rose is a rose", "is it?"]);
 * vectorizer.getFeatureNamesOut(); // ["is", "it", "rose"]
 * counts.shape; // [2, 3]
 * ```
 */
export class CountVectorizer extends VocabularyVectorizer<CountVectorizerParams, VocabularyState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter, a value out of range, or values that contradict each other */
  constructor(params: Partial<CountVectorizerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): CountVectorizer {
    return new CountVectorizer().restore(json);
  }

  /** The vectorizer of the union of what two have seen, with the limits of the first. @throws as `partialFit` */
  static merge(a: CountVectorizer, b: CountVectorizer): CountVectorizer {
    return VocabularyVectorizer.unionOf(a, b);
  }

  protected finished(state: VocabularyState): VocabularyState {
    return state;
  }

  protected get countsAlways(): boolean {
    return false;
  }

  protected weighing(): WeighArgs {
    return { sublinear: false, scale: null, norm: null };
  }
}

registerEstimator("CountVectorizer", CountVectorizer);
