import { DataError, ParameterError, show } from "../../src/base/errors.js";
import { listTerms, takeTerms, type TermCounts, type TermList } from "./term-counts.js";

/** Which terms are kept. */
export interface TermLimits {
  readonly minDf: number;
  readonly maxDf: number;
  readonly maxFeatures: number | null;
  readonly binary: boolean;
}

/** Terms in the order of their columns, or by column. */
export type GivenVocabulary = readonly string[] | Readonly<Record<string, number>>;

/** The documents that a term needs and may have, of `weight` documents; below 1 (and `maxDf` up to 1) they are shares. */
function documentRange({ minDf, maxDf }: TermLimits, weight: number): [low: number, high: number] {
  return [minDf < 1 ? minDf * weight : minDf, maxDf <= 1 ? maxDf * weight : maxDf];
}

/**
 * The places of the terms that are kept, ascending; null for all of them. Of terms that are as frequent, the first in
 * order is kept.
 */
export function keptTerms(terms: TermCounts, weight: number, limits: TermLimits): Int32Array | null {
  const [low, high] = documentRange(limits, weight);
  const count = terms.ends.length;
  const kept: number[] = [];
  for (let k = 0; k < count; k++) {
    const documents = terms.documents[k] as number;
    if (documents >= low && documents <= high) kept.push(k);
  }
  const { maxFeatures, binary } = limits;
  if (maxFeatures !== null && kept.length > maxFeatures) {
    const size = binary ? terms.documents : terms.occurrences;
    kept.sort((a, b) => (size[b] as number) - (size[a] as number) || a - b);
    kept.length = maxFeatures;
    kept.sort((a, b) => a - b);
  }
  return kept.length === count ? null : Int32Array.from(kept);
}

/** Why no term is left. */
export function emptyVocabulary(owner: string, terms: TermCounts, weight: number, limits: TermLimits): DataError {
  const count = terms.ends.length;
  if (count === 0) {
    return new DataError(
      `${owner}: the vocabulary is empty: no document has a term. Look at stopWords and tokenPattern (words of one letter are no words by default), and at the documents.`,
    );
  }
  const [low, high] = documentRange(limits, weight);
  const rare = terms.documents.filter((documents) => documents < low).length;
  const common = terms.documents.filter((documents) => documents > high).length;
  const reasons = [
    rare > 0 ? `${rare} are in fewer than minDf (${show(limits.minDf)}) asks: ${low}` : "",
    common > 0 ? `${common} in more than maxDf (${show(limits.maxDf)}) allows: ${high}` : "",
  ].filter((reason) => reason !== "");
  return new DataError(
    `${owner}: the vocabulary is empty: of ${count} terms in ${weight} documents ${reasons.join(", and ")}. ${rare > 0 ? "Lower minDf" : ""}${rare > 0 && common > 0 ? " or " : ""}${common > 0 ? `${rare > 0 ? "raise" : "Raise"} maxDf` : ""}.`,
  );
}

/** @throws DataError when the limits leave no room at all for this number of documents */
export function checkRange(owner: string, limits: TermLimits, weight: number): void {
  const [low, high] = documentRange(limits, weight);
  if (high >= low) return;
  throw new DataError(
    `${owner}: maxDf (${show(limits.maxDf)}) allows ${high} of ${weight} documents, fewer than the ${low} that minDf (${show(limits.minDf)}) asks. Lower minDf or raise maxDf.`,
  );
}

/** @throws ParameterError for limits that contradict each other, and a vocabulary that is none */
export function checkLimits(owner: string, limits: TermLimits, vocabulary: GivenVocabulary | null): void {
  const { minDf, maxDf, maxFeatures } = limits;
  const comparable = minDf < 1 === maxDf <= 1;
  if (comparable && maxDf < minDf) {
    throw new ParameterError(
      `${owner}: maxDf must be >= minDf; got ${maxDf} with minDf ${minDf}. Swap them, or raise maxDf.`,
    );
  }
  if (vocabulary === null) return;
  if (minDf !== 1 || maxDf !== 1 || maxFeatures !== null) {
    throw new ParameterError(
      `${owner}: vocabulary is given, so minDf, maxDf and maxFeatures choose nothing; got ${show({ minDf, maxDf, maxFeatures })}. Leave them out.`,
    );
  }
  givenTerms(owner, vocabulary);
}

/** A given vocabulary as terms in the order of their columns. @throws ParameterError for repeated terms and wrong columns */
export function givenTerms(owner: string, vocabulary: GivenVocabulary): TermList {
  if (Array.isArray(vocabulary)) {
    const list = vocabulary as readonly string[];
    if (list.length === 0) throw noTerms(owner, vocabulary);
    const seen = new Set<string>();
    for (const term of list) {
      if (seen.has(term))
        throw new ParameterError(
          `${owner}: vocabulary must name each term once; got ${show(term)} twice. Leave one out.`,
        );
      seen.add(term);
    }
    return listTerms(list);
  }
  const entries = Object.entries(vocabulary as Readonly<Record<string, number>>);
  if (entries.length === 0) throw noTerms(owner, vocabulary);
  const ordered = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [term, column] of entries) {
    if (column >= entries.length || ordered[column] !== undefined) {
      throw new ParameterError(
        `${owner}: vocabulary must use the columns 0 to ${entries.length - 1} once each; got ${column} for ${show(term)}. Number the terms without gaps.`,
      );
    }
    ordered[column] = term;
  }
  return listTerms(ordered as string[]);
}

function noTerms(owner: string, vocabulary: GivenVocabulary): ParameterError {
  return new ParameterError(
    `${owner}: vocabulary must have a term; got ${show(vocabulary)}. Leave it out to learn one.`,
  );
}

/** The terms that are columns. */
export function columnTerms(terms: TermCounts, kept: Int32Array | null): TermCounts {
  return kept ? takeTerms(terms, kept) : terms;
}
