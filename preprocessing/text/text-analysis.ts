import type { TaskContext } from "../../src/engine/engine.js";
import { textAnalyzer, type Kernels, type TextAnalyzerCode } from "../../src/kernels/kernels.js";
import { kernelsFor } from "../../src/kernels/workspace.js";
import { ArenaBuffer } from "./arena-buffer.js";
import { normalizeText, squeezeSpaces } from "./normalize-text.js";
import { TermTable } from "./term-table.js";
import { compileTokens, type TokenPattern } from "./token-pattern.js";

/** How documents are cut into terms; plain data. */
export interface AnalysisArgs {
  readonly analyzer: "word" | "char" | "char_wb";
  readonly ngramRange: readonly [low: number, high: number];
  readonly lowercase: boolean;
  readonly stripAccents: null | "ascii" | "unicode";
  readonly tokenPattern: string;
  readonly stopWords: readonly string[];
}

const CODES: Readonly<Record<AnalysisArgs["analyzer"], TextAnalyzerCode>> = {
  word: textAnalyzer.word,
  char: textAnalyzer.char,
  char_wb: textAnalyzer.charWb,
};

/** Bytes of a gram as kernels write them: hash, begin, length. */
const GRAM_BYTES = 12;

/**
 * Cuts documents in an arena into grams, which stay there until the next document.
 *
 * Documents of ASCII are cut by a kernel. Others, and all with a token pattern of one's own, become JavaScript strings
 * first: what is small, a letter, an accent or whitespace beyond ASCII is a matter of Unicode's tables.
 */
export class TextAnalysis {
  readonly #args: AnalysisArgs;
  readonly #kernels: Kernels;
  readonly #buffer: ArrayBuffer;
  readonly #code: TextAnalyzerCode;
  readonly #tokens: TokenPattern;
  readonly #stop: TermTable | undefined;
  readonly #stopWords: ReadonlySet<string>;
  readonly #source: ArenaBuffer;
  readonly #text: ArenaBuffer;
  readonly #spans: ArenaBuffer;
  readonly #groups: ArenaBuffer;
  readonly #grams: ArenaBuffer;

  constructor(context: TaskContext, arena: number, args: AnalysisArgs) {
    const { memory } = context;
    const buffer = (bytes = 0): ArenaBuffer => new ArenaBuffer(memory, arena, bytes);
    this.#args = args;
    this.#kernels = kernelsFor(memory.memoryOf(arena));
    this.#buffer = memory.memoryOf(arena).buffer as ArrayBuffer;
    this.#code = CODES[args.analyzer];
    this.#tokens = compileTokens("text", args.tokenPattern);
    this.#stop = args.stopWords.length > 0 ? TermTable.ofStrings(memory, arena, args.stopWords) : undefined;
    this.#stopWords = new Set(args.stopWords);
    this.#source = buffer();
    this.#text = buffer();
    this.#spans = buffer();
    this.#groups = buffer();
    this.#grams = buffer();
  }

  /** Where the bytes of the grams are. */
  get text(): number {
    return this.#text.pointer;
  }

  /** Where the grams are. */
  get grams(): number {
    return this.#grams.pointer;
  }

  /** Cuts the document at `pointer`; returns the number of its grams. */
  cut(pointer: number, length: number): number {
    const spans = this.#spansOf(pointer, length);
    const [low, high] = this.#args.ngramRange;
    // A document of n spans has n grams of each size at most, and no sizes beyond n.
    const sizes = Math.max(1, Math.min(high, spans) - low + 1);
    const grams = this.#grams.ensure(Math.max(1, spans * sizes) * GRAM_BYTES);
    const whole = this.#code === textAnalyzer.charWb ? 1 : 0;
    return this.#kernels.textGrams(
      this.#text.pointer,
      this.#spans.pointer,
      this.#groups.pointer,
      low,
      high,
      whole,
      grams,
    );
  }

  #spansOf(pointer: number, length: number): number {
    const { runs } = this.#tokens;
    if (this.#code === textAnalyzer.word && runs === undefined) return this.#patternSpans(this.#read(pointer, length));
    const found = this.#kernelSpans(pointer, length, this.#args.lowercase ? 1 : 0, 1);
    if (found >= 0) return found;
    const text = this.#read(pointer, length);
    if (this.#code === textAnalyzer.word) return this.#patternSpans(text);
    const source = Buffer.from(squeezeSpaces(text, this.#code === textAnalyzer.charWb), "utf8");
    this.#source.ensure(source.length);
    this.#source.text(source.length).set(source);
    return this.#kernelSpans(this.#source.pointer, source.length, 0, 0);
  }

  #read(pointer: number, length: number): string {
    return normalizeText(Buffer.from(this.#buffer, pointer, length).toString("utf8"), this.#args);
  }

  #kernelSpans(pointer: number, length: number, lower: 0 | 1, ascii: 0 | 1): number {
    return this.#kernels.textSpans(
      this.#code,
      pointer,
      length,
      lower,
      this.#tokens.runs ?? 1,
      this.#stop?.pointer ?? 0,
      this.#args.ngramRange[1] > 1 ? 1 : 0,
      ascii,
      this.#text.ensure(2 * length + 32),
      this.#spans.ensure((2 * length + 2) * 8),
      this.#groups.ensure((length + 3) * 4),
    );
  }

  /** What the kernel writes for words, from a string. */
  #patternSpans(text: string): number {
    const { pattern, grouped } = this.#tokens;
    const tokens: string[] = [];
    for (const match of text.matchAll(pattern)) {
      const token = (grouped ? match[1] : match[0]) ?? "";
      if (!this.#stopWords.has(token)) tokens.push(token);
    }
    const joined = tokens.join(" ");
    // No character of UTF-16 takes more than three bytes a unit.
    const room = joined.length * 3 + 1;
    // Kernels look at up to 16 bytes after a term.
    this.#text.ensure(room + 16);
    this.#spans.ensure(Math.max(1, tokens.length) * 8);
    this.#groups.ensure(12);
    const target = this.#text.text(room);
    const spans = this.#spans.words(tokens.length * 2);
    let at = 0;
    tokens.forEach((token, i) => {
      spans[2 * i] = at;
      at += target.write(token, at, "utf8");
      spans[2 * i + 1] = at;
      at += target.write(" ", at, "utf8");
    });
    this.#groups.words(3).set([1, 0, tokens.length]);
    return tokens.length;
  }
}
