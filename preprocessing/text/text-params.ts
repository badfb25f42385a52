import type * as Zod from "zod";
import { ParameterError, show } from "../../src/base/errors.js";
import type { ZodNamespace } from "../../src/base/params.js";
import { ENGLISH_STOP_WORDS } from "./english-stop-words.js";
import type { AnalysisArgs } from "./text-analysis.js";
import { compileTokens } from "./token-pattern.js";

/** What a document is cut into: words, characters, or characters of one word at a time. */
export type Analyzer = "word" | "char" | "char_wb";

/** Parameters of everything that cuts text into terms. */
export interface TextParams {
  analyzer: Analyzer;
  ngramRange: readonly [low: number, high: number];
  stopWords: null | "english" | readonly string[];
  lowercase: boolean;
  stripAccents: null | "ascii" | "unicode";
  tokenPattern: string;
}

/** scikit-learn's: words of two or more letters, digits or underscores. */
export const DEFAULT_TOKENS = "(?u)\\b\\w\\w+\\b";

/** The shared part of the parameter tables. */
export function textParams(z: ZodNamespace): Record<keyof TextParams, Zod.ZodType> {
  return {
    analyzer: z
      .enum(["word", "char", "char_wb"])
      .default("word")
      .describe('what terms are made of: words, characters, or characters within words ("char_wb")'),
    ngramRange: z
      .tuple([z.int().min(1), z.int().min(1)])
      .default([1, 1])
      .describe("[low, high]: a term is so many words or characters in a row"),
    stopWords: z
      .union([z.null(), z.literal("english"), z.array(z.string())])
      .default(null)
      .describe('words that are left out before they are counted or joined: a list, or "english"'),
    lowercase: z.boolean().default(true).describe("make all letters small first"),
    stripAccents: z
      .union([z.null(), z.literal("ascii"), z.literal("unicode")])
      .default(null)
      .describe("take accents away: by Unicode's compatibility decomposition, or with all else that is not ASCII"),
    tokenPattern: z
      .string()
      .min(1)
      .default(DEFAULT_TOKENS)
      .describe("regular expression of a word; \\w, \\d, \\s and \\b are those of Unicode, and a group is the word"),
  };
}

/** How tasks cut documents. */
export function analysisOf(params: Readonly<TextParams>): AnalysisArgs {
  const { analyzer, ngramRange, lowercase, stripAccents, tokenPattern, stopWords } = params;
  return {
    analyzer,
    ngramRange,
    lowercase,
    stripAccents,
    tokenPattern,
    stopWords: stopWords === "english" ? ENGLISH_STOP_WORDS : (stopWords ?? []),
  };
}

/** @throws ParameterError for values that do not go together */
export function checkTextParams(owner: string, params: Readonly<TextParams>): void {
  const { analyzer, ngramRange, stopWords, tokenPattern } = params;
  const [low, high] = ngramRange;
  if (low > high) {
    throw new ParameterError(
      `${owner}: ngramRange must be [low, high] with low <= high; got ${show(ngramRange)}. Write [${high}, ${low}].`,
    );
  }
  if (analyzer !== "word" && stopWords !== null && stopWords.length > 0) {
    throw new ParameterError(
      `${owner}: stopWords need analyzer "word"; got ${show(stopWords)} with analyzer ${show(analyzer)}. Set stopWords: null.`,
    );
  }
  if (analyzer !== "word" && tokenPattern !== DEFAULT_TOKENS) {
    throw new ParameterError(
      `${owner}: tokenPattern needs analyzer "word"; got ${show(tokenPattern)} with analyzer ${show(analyzer)}. Leave it out.`,
    );
  }
  compileTokens(owner, tokenPattern);
}
