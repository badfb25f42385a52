import { TERM_BYTES, TERM_TABLE_WORDS, type Kernels } from "../../src/kernels/kernels.js";
import { kernelsFor } from "../../src/kernels/workspace.js";
import type { Memory } from "../../src/memory/memory.js";
import { ArenaBuffer } from "./arena-buffer.js";
import { listTerms, type TermCounts, type TermList } from "./term-counts.js";
import type { TextAnalysis } from "./text-analysis.js";

const FIRST_TERMS = 4096;
const WORDS_A_TERM = TERM_BYTES / 4;
const DOUBLES_A_TERM = TERM_BYTES / 8;

/** Terms in an arena that kernels find and count: open addressing over entries of fixed size. */
export class TermTable {
  readonly #kernels: Kernels;
  readonly #memory: Memory;
  readonly #arena: number;
  readonly #head: ArenaBuffer;
  readonly #slots: ArenaBuffer;
  readonly #entries: ArenaBuffer;
  readonly #bytes: ArenaBuffer;

  /** An empty table with room for so many. */
  constructor(memory: Memory, arena: number, terms = FIRST_TERMS, bytes = terms * 8) {
    this.#kernels = kernelsFor(memory.memoryOf(arena));
    this.#memory = memory;
    this.#arena = arena;
    this.#head = new ArenaBuffer(memory, arena, TERM_TABLE_WORDS * 4);
    this.#head.words(TERM_TABLE_WORDS).fill(0);
    this.#slots = new ArenaBuffer(memory, arena);
    this.#entries = new ArenaBuffer(memory, arena);
    this.#bytes = new ArenaBuffer(memory, arena);
    this.#makeRoom(terms, bytes);
  }

  /** A table of given terms: entry k is term k. */
  static of(memory: Memory, arena: number, terms: TermList): TermTable {
    const count = terms.ends.length;
    const table = new TermTable(memory, arena, Math.max(1, count), Math.max(1, terms.bytes.length));
    table.#bytes.text(terms.bytes.length).set(terms.bytes);
    const words = table.#entries.words(count * WORDS_A_TERM);
    words.fill(0);
    terms.ends.forEach((end, k) => {
      const start = k === 0 ? 0 : (terms.ends[k - 1] as number);
      words[k * WORDS_A_TERM + 1] = start;
      words[k * WORDS_A_TERM + 2] = end - start;
    });
    const head = table.#head.words(TERM_TABLE_WORDS);
    head[3] = count;
    head[6] = terms.bytes.length;
    table.#kernels.termSlots(table.pointer);
    return table;
  }

  /** A table of distinct strings. */
  static ofStrings(memory: Memory, arena: number, terms: readonly string[]): TermTable {
    return TermTable.of(memory, arena, listTerms([...new Set(terms)]));
  }

  /** For kernels. */
  get pointer(): number {
    return this.#head.pointer;
  }

  /** Counts the `n` grams of a document; `stamp` is another number from 1 for each document. */
  count(analysis: TextAnalysis, n: number, stamp: number, weight: number): void {
    const { text, grams } = analysis;
    let from = 0;
    for (;;) {
      from = this.#kernels.termCount(this.pointer, text, grams, from, n, stamp, weight);
      if (from >= n) return;
      const [, , length = 0] = new Uint32Array(
        this.#memory.memoryOf(this.#arena).buffer as ArrayBuffer,
        grams + from * 12,
        3,
      );
      const head = this.#head.words(TERM_TABLE_WORDS);
      const [terms = 0, capacity = 0] = [head[3], head[4]];
      const [used = 0, bytes = 0] = [head[6], head[7]];
      this.#makeRoom(
        terms >= capacity ? 2 * capacity : capacity,
        Math.max(used + length, used + length > bytes ? 2 * bytes : bytes),
      );
    }
  }

  /** What it holds, ascending. */
  counts(): TermCounts {
    const [, , , count = 0] = this.#head.words(TERM_TABLE_WORDS);
    const order = new ArenaBuffer(this.#memory, this.#arena, Math.max(1, count) * 4);
    const scratch = new ArenaBuffer(this.#memory, this.#arena, Math.max(1, count) * 4);
    this.#kernels.termOrder(this.pointer, order.pointer, scratch.pointer);
    const words = this.#entries.words(count * WORDS_A_TERM);
    const sums = this.#entries.doubles(count * DOUBLES_A_TERM);
    const source = this.#bytes.text(this.#head.words(TERM_TABLE_WORDS)[6] ?? 0);
    const bytes = new Uint8Array(source.length);
    const ends = new Uint32Array(count);
    const documents = new Float64Array(count);
    const occurrences = new Float64Array(count);
    let at = 0;
    order.words(count).forEach((k, i) => {
      const start = words[k * WORDS_A_TERM + 1] as number;
      const end = start + (words[k * WORDS_A_TERM + 2] as number);
      for (let b = start; b < end; b++) bytes[at++] = source[b] as number;
      ends[i] = at;
      documents[i] = sums[k * DOUBLES_A_TERM + 2] as number;
      occurrences[i] = sums[k * DOUBLES_A_TERM + 3] as number;
    });
    return { bytes, ends, documents, occurrences };
  }

  #makeRoom(terms: number, bytes: number): void {
    // At most half of the slots are taken.
    const slots = 2 ** Math.ceil(Math.log2(2 * terms));
    this.#slots.ensure(slots * 4);
    this.#entries.ensure(terms * TERM_BYTES);
    // Kernels look at up to 16 bytes after a term.
    this.#bytes.ensure(bytes + 16);
    const head = this.#head.words(TERM_TABLE_WORDS);
    const count = head[3] ?? 0;
    const used = head[6] ?? 0;
    head.set([this.#slots.pointer, slots, this.#entries.pointer, count, terms, this.#bytes.pointer, used, bytes]);
    this.#kernels.termSlots(this.pointer);
  }
}
