import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { inverseFrequencies, tfidfParams, weighArgs, type TfidfWeights } from "./idf.js";
import type { WeighArgs } from "./text-tasks.js";
import { columnTerms } from "./vocabulary.js";
import {
  vocabularyParams,
  VocabularyVectorizer,
  type VocabularyParams,
  type VocabularyState,
} from "./vocabulary-vectorizer.js";

/** Parameters of {@link TfidfVectorizer}. */
export interface TfidfVectorizerParams extends VocabularyParams, TfidfWeights {}

interface TfidfVectorizerState extends VocabularyState {
  readonly idf: Float64Array;
}

const TABLE = new ParamTable<TfidfVectorizerParams>("TfidfVectorizer", (z) =>
  z.object({ ...vocabularyParams(z), ...tfidfParams(z) }),
);

/**
 * Counts of the terms of documents, each weighed by how few documents have it: {@link CountVectorizer} and
 * {@link TfidfTransformer} in one, with the documents read once in `fit`.
 *
 * The weight of a term is `log((1 + n) / (1 + df)) + 1`, n documents, df of them with the term (`smoothIdf`; else
 * `log(n / df) + 1`). An entry is its count (1 with `binary`, `1 + log(count)` with `sublinearTf`) times the weight
 * (`useIdf`), and then each row is divided by its `norm`.
 *
 * X, the passes (**one in `fit`**), the result, `partialFit`, `merge` and the differences from scikit-learn are those of
 * {@link CountVectorizer}. With sample weights, n and df are Σw.
 *
 * @example
 * ```ts
 * const vectorizer = new TfidfVectorizer({ stopWords: "english", minDf: 2 });
 * const X = await vectorizer.fitTransform(["red wine", "white wine", "red bread"]);
 * vectorizer.idf; // of "red" and "wine"
 * ```
 */
export class TfidfVectorizer extends VocabularyVectorizer<TfidfVectorizerParams, TfidfVectorizerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter, a value out of range, or values that contradict each other */
  constructor(params: Partial<TfidfVectorizerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): TfidfVectorizer {
    return new TfidfVectorizer().restore(json);
  }

  /** The vectorizer of the union of what two have seen, with the parameters of the first. @throws as `partialFit` */
  static merge(a: TfidfVectorizer, b: TfidfVectorizer): TfidfVectorizer {
    return VocabularyVectorizer.unionOf(a, b);
  }

  /** The weight of each column's term. */
  get idf(): Float64Array {
    return this.state.idf;
  }

  protected finished(state: VocabularyState): TfidfVectorizerState {
    const { documents } = columnTerms(state.terms, state.kept);
    return { ...state, idf: inverseFrequencies(documents, state.weight, this.params.smoothIdf) };
  }

  protected get countsAlways(): boolean {
    return true;
  }

  protected weighing(): WeighArgs {
    return weighArgs(this.params, this.state.idf);
  }
}

registerEstimator("TfidfVectorizer", TfidfVectorizer);
