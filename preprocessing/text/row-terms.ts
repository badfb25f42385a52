import { normalizeText, squeezeSpaces } from "./normalize-text.js";
import type { AnalysisArgs } from "./text-analysis.js";
import { compileTokens } from "./token-pattern.js";

/** Cuts a string into its terms, as `TextAnalysis` cuts documents that lie in an arena. */
export function termsOf(args: AnalysisArgs): (document: string) => string[] {
  const { analyzer, ngramRange, tokenPattern, stopWords } = args;
  const [low, high] = ngramRange;
  const { pattern, grouped } = compileTokens("text", tokenPattern);
  const stop = new Set(stopWords);
  const groupsOf = (text: string): string[][] => {
    if (analyzer === "word") {
      const tokens = Array.from(text.matchAll(pattern), (match) => (grouped ? match[1] : match[0]) ?? "");
      return [tokens.filter((token) => !stop.has(token))];
    }
    const squeezed = squeezeSpaces(text, analyzer === "char_wb");
    if (analyzer === "char") return [[...squeezed]];
    const words = squeezed.split(" ").filter((word) => word !== "");
    return words.map((word) => [" ", ...word, " "]);
  };
  const between = analyzer === "word" ? " " : "";
  return (document) =>
    groupsOf(normalizeText(document, args)).flatMap((group) => {
      const terms: string[] = [];
      // A word that is shorter than all sizes is a term, once.
      const least = analyzer === "char_wb" ? Math.min(low, group.length) : low;
      for (let size = least; size <= Math.min(high, group.length); size++)
        for (let i = 0; i + size <= group.length; i++) terms.push(group.slice(i, i + size).join(between));
      return terms;
    });
}
