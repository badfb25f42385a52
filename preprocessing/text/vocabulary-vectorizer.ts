import type * as Zod from "zod";
import { DataError, ParameterError, throwIfAborted } from "../../src/base/errors.js";
import type { ParamTable, ZodNamespace } from "../../src/base/params.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { LabelInput, VectorInput } from "../../src/estimator/inputs.js";
import { noRows } from "../../src/estimator/no-rows.js";
import { assertNotEmpty, reduceTable, type FittedTable } from "../../src/estimator/table.js";
import type { Plain } from "../../src/base/plain.js";
import { mergeTerms, termStrings, type TermCounts } from "./term-counts.js";
import { analysisOf, checkTextParams, textParams, type TextParams } from "./text-params.js";
import type { CountedDocuments, WeighArgs } from "./text-tasks.js";
import { documentTable, fittedOf, TextVectorizer, type TextInput } from "./text-vectorizer.js";
import {
  checkLimits,
  checkRange,
  columnTerms,
  emptyVocabulary,
  givenTerms,
  keptTerms,
  type GivenVocabulary,
} from "./vocabulary.js";

/** Parameters of what learns a vocabulary. */
export interface VocabularyParams extends TextParams {
  minDf: number;
  maxDf: number;
  maxFeatures: number | null;
  vocabulary: GivenVocabulary | null;
  binary: boolean;
}

/** A fitted vocabulary. */
export interface VocabularyState extends FittedTable {
  readonly rows: number;
  /** Σw of the documents. */
  readonly weight: number;
  /** What was counted, ascending; a given vocabulary in its order. */
  readonly terms: TermCounts;
  /** The places of the terms that are columns; null for all. */
  readonly kept: Int32Array | null;
  /** Whether all terms of the documents are here, so that more can be added. */
  readonly complete: boolean;
}

/** The shared part of the parameter tables. */
export function vocabularyParams(z: ZodNamespace): Record<keyof VocabularyParams, Zod.ZodType> {
  return {
    ...textParams(z),
    minDf: z
      .union([z.number().min(0).lt(1), z.int().min(1)])
      .default(1)
      .describe("documents that a term needs: a number from 1 on, or a share below 1"),
    maxDf: z
      .union([z.number().min(0).max(1), z.int().min(2)])
      .default(1)
      .describe("documents that a term may be in: a share up to 1, or a number from 2 on"),
    maxFeatures: z
      .union([z.null(), z.int().min(1)])
      .default(null)
      .describe("columns at most: the most frequent terms of all documents"),
    vocabulary: z
      .union([z.null(), z.array(z.string()), z.record(z.string(), z.int().min(0))])
      .default(null)
      .describe("the terms to count, in the order of their columns or with their columns, or null to learn them"),
    binary: z.boolean().default(false).describe("1 for a term that is there, however often"),
  };
}

const TASKS = new URL("./text-tasks.js", import.meta.url).href;

/** Vectorizers whose columns are the terms of a vocabulary. */
export abstract class VocabularyVectorizer<
  P extends VocabularyParams,
  S extends VocabularyState,
> extends TextVectorizer<P, S> {
  protected constructor(table: ParamTable<P>, params: Partial<P>) {
    super(table, params);
    this.#check(this.params);
  }

  override setParams(params: Partial<P>): this {
    this.#check(this.table.parse({ ...this.params, ...params }));
    return super.setParams(params);
  }

  /** The state with what follows from the counts. */
  protected abstract finished(state: VocabularyState): S;

  /** Whether the fit counts documents although the vocabulary is given. */
  protected abstract get countsAlways(): boolean;

  /** What becomes of counts. */
  protected abstract weighing(): WeighArgs;

  /**
   * Learns the vocabulary in one pass; with a given vocabulary and nothing to count, in none. A document of weight 2 counts
   * as two, one of weight 0 is not there.
   * @throws DataError for null, no documents, and a vocabulary that ends up empty (saying which limit did it)
   */
  async fit(X: TextInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    const counted = await this.#count(owner, X, options);
    if (this.params.vocabulary === null) checkRange(owner, this.params, counted.weight);
    const state = this.#limited(counted);
    if ((state.kept ?? state.terms.ends).length === 0)
      throw emptyVocabulary(owner, state.terms, state.weight, this.params);
    this.setState(this.finished(state));
    return this;
  }

  /**
   * Adds documents to what was learnt before: in any batches the same as one fit on all. Columns move when terms are added
   * between others, or pass a limit. One pass over the new documents.
   * @throws DataError as `fit`, except that the vocabulary may be empty for now; and after `forgetPruned`
   */
  async partialFit(X: TextInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.partialFit`;
    const seen = this.stateIfFitted;
    if (seen) requireComplete(owner, seen);
    const added = await this.#count(owner, X, options);
    this.setState(this.finished(this.#limited(seen ? united(seen, added) : added)));
    return this;
  }

  /** The state of the union of what two vectorizers have seen. */
  protected static unionOf<T extends VocabularyVectorizer<VocabularyParams, VocabularyState>>(a: T, b: T): T {
    const owner = `${a.kind}.merge`;
    const [own, other] = [a.params, b.params].map((params) => JSON.stringify([analysisOf(params), params.vocabulary]));
    if (own !== other) {
      throw new ParameterError(
        `${owner}: the two cut documents in different ways. Merge vectorizers with the same analyzer, ngramRange, words and vocabulary.`,
      );
    }
    requireComplete(owner, a.state);
    requireComplete(owner, b.state);
    const merged = a.clone();
    merged.setState(merged.finished(merged.#limited(united(a.state, b.state))));
    return merged;
  }

  /**
   * Lets go of the terms that the limits have left out, which only `partialFit` and `merge` need: the fitted state, and its
   * JSON, become as small as the vocabulary.
   */
  forgetPruned(): this {
    const { state } = this;
    if (state.kept === null) return this;
    this.setState({ ...state, terms: columnTerms(state.terms, state.kept), kept: null, complete: false });
    return this;
  }

  /** The column of each term. */
  get vocabulary(): ReadonlyMap<string, number> {
    return new Map(this.getFeatureNamesOut().map((term, column) => [term, column]));
  }

  /** Documents seen, weighted. */
  get nDocuments(): number {
    return this.state.weight;
  }

  /** Documents that have each column's term, weighted. */
  get documentFrequencies(): Float64Array {
    return this.columns().documents;
  }

  /** The share of entries that are not zero in the transformed training documents, for column transformers. */
  get outputDensity(): number | undefined {
    const { documents, ends } = this.columns();
    if (this.params.vocabulary !== null && !this.countsAlways) return undefined;
    const entries = documents.reduce((sum, own) => sum + own, 0);
    return entries / Math.max(1, this.state.weight * ends.length);
  }

  /** The terms, which are the columns' names. */
  getFeatureNamesOut(): string[] {
    return termStrings(this.columns());
  }

  protected columns(): TermCounts {
    return columnTerms(this.state.terms, this.state.kept);
  }

  protected rowTask(): { step: string; args: Record<string, unknown>; width: number } {
    const { bytes, ends } = this.columns();
    if (ends.length === 0)
      throw emptyVocabulary(`${this.kind}.transform`, this.state.terms, this.state.weight, this.params);
    const args = {
      analysis: analysisOf(this.params),
      binary: this.params.binary,
      terms: { bytes, ends },
      ...this.weighing(),
    };
    return { step: "termRowsStep", args, width: ends.length };
  }

  async #count(owner: string, X: TextInput, options: FitOptions): Promise<VocabularyState> {
    throwIfAborted(options.signal, owner);
    const table = documentTable(owner, X);
    assertNotEmpty(owner, table);
    const { vocabulary } = this.params;
    const given = vocabulary === null ? null : givenTerms(owner, vocabulary);
    const known = { ...fittedOf(table), kept: null, complete: true };
    if (given && !this.countsAlways) {
      const none = new Float64Array(given.ends.length);
      return { ...known, rows: 0, weight: 0, terms: { ...given, documents: none, occurrences: none } };
    }
    const args = { analysis: analysisOf(this.params), given } as unknown as Record<string, Plain>;
    const combine = given ? addCounts : mergeCounts;
    const step = fnRef(TASKS, "countTermsStep");
    const { sampleWeight } = options;
    const total = await reduceTable<CountedDocuments>(owner, table, { sampleWeight }, { step, args, combine }, options);
    if (total.rows === 0) throw noRows(owner);
    return { ...known, ...total };
  }

  /** The state with the terms that the limits keep. */
  #limited(counted: VocabularyState): VocabularyState {
    const kept = this.params.vocabulary === null ? keptTerms(counted.terms, counted.weight, this.params) : null;
    return { ...counted, kept };
  }

  #check(params: Readonly<P>): void {
    checkTextParams(this.kind, params);
    checkLimits(this.kind, params, params.vocabulary);
  }
}

function requireComplete(owner: string, state: VocabularyState): void {
  if (state.complete) return;
  throw new DataError(
    `${owner}: the terms that the limits left out are forgotten (forgetPruned), so nothing can be added. Fit again, and add before forgetting.`,
  );
}

/** What two fits have seen together. */
function united(a: VocabularyState, b: VocabularyState): VocabularyState {
  const terms = sameTerms(a.terms, b.terms) ? addTerms(a.terms, b.terms) : mergeTerms(a.terms, b.terms);
  return { ...a, rows: a.rows + b.rows, weight: a.weight + b.weight, terms };
}

function mergeCounts(a: CountedDocuments, b: CountedDocuments): CountedDocuments {
  return { rows: a.rows + b.rows, weight: a.weight + b.weight, terms: mergeTerms(a.terms, b.terms) };
}

function addCounts(a: CountedDocuments, b: CountedDocuments): CountedDocuments {
  return { rows: a.rows + b.rows, weight: a.weight + b.weight, terms: addTerms(a.terms, b.terms) };
}

// A given vocabulary is in an order of its own, and the same on both sides.
function sameTerms(a: TermCounts, b: TermCounts): boolean {
  return (
    a.ends.length === b.ends.length &&
    Buffer.compare(a.bytes, b.bytes) === 0 &&
    a.ends.every((end, k) => end === b.ends[k])
  );
}

function addTerms(a: TermCounts, b: TermCounts): TermCounts {
  const sum = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, k) => value + (y[k] as number));
  return {
    bytes: a.bytes,
    ends: a.ends,
    documents: sum(a.documents, b.documents),
    occurrences: sum(a.occurrences, b.occurrences),
  };
}
