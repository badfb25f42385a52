import {
  textAnalyzer,
  TERM_BYTES,
  TERM_TABLE_WORDS,
  type HashKeysKernel,
  type KeyCountsKernel,
  type TermCountKernel,
  type TermKeysKernel,
  type TermOrderKernel,
  type TermSlotsKernel,
  type TextGramsKernel,
  type TextSpansKernel,
} from "../text-kernels.js";
import { murmurHash3 } from "../../base/murmur3.js";
import type { MemoryViews } from "./views.js";

const SPACE = 32;
const isSpace = (byte: number | undefined): boolean =>
  byte !== undefined && (byte === SPACE || (byte >= 9 && byte <= 13) || (byte >= 28 && byte <= 31));

/** The terms of a table as the plain kernels see them. */
class Terms {
  readonly #views: MemoryViews;
  readonly #head: Uint32Array;

  constructor(views: MemoryViews, table: number) {
    this.#views = views;
    this.#head = views.u32(table, TERM_TABLE_WORDS);
  }

  get count(): number {
    return this.#head[3]!;
  }
  get slots(): Uint32Array {
    return this.#views.u32(this.#head[0]!, this.#head[1]!);
  }
  words(number: number): Uint32Array {
    return this.#views.u32(this.#head[2]! + number * TERM_BYTES, 4);
  }
  /** Document weight and occurrences. */
  sums(number: number): Float64Array {
    return this.#views.f64(this.#head[2]! + number * TERM_BYTES + 16, 2);
  }
  text(number: number): Uint8Array {
    const [, start, length] = this.words(number);
    return this.#views.u8(this.#head[5]! + start!, length!);
  }
  find(text: Uint8Array): number {
    for (let number = 0; number < this.count; number++) if (compare(this.text(number), text) === 0) return number;
    return -1;
  }
  /** Takes up a term; false when there is no room. */
  add(text: Uint8Array): boolean {
    const head = this.#head;
    const number = head[3]!;
    const used = head[6]!;
    if (number >= head[4]! || 2 * (number + 1) > head[1]! || head[7]! - used < text.length) return false;
    this.#views.u8(head[5]! + used, text.length).set(text);
    this.words(number).set([murmurHash3(text), used, text.length, 0]);
    this.sums(number).fill(0);
    head[3] = number + 1;
    head[6] = used + text.length;
    this.occupy(number);
    return true;
  }
  occupy(number: number): void {
    const { slots } = this;
    let slot = (this.words(number)[0]! & (slots.length - 1)) >>> 0;
    while (slots[slot]! !== 0) slot = (slot + 1) % slots.length;
    slots[slot] = number + 1;
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0) return a.length - b.length;
  return at < b.length ? a[at]! - b[at]! : 1;
}

const isWord = (byte: number): boolean => byte < 128 && /\w/.test(String.fromCharCode(byte));

/** Plain twin of the kernel that cuts documents into spans. */
export function textSpans(views: MemoryViews): TextSpansKernel {
  return (analyzer, src, length, lower, minLength, stop, joined, ascii, out, spans, groups) => {
    const source = [...views.u8(src, length)];
    if (ascii && source.some((byte) => byte > 127)) return -1;
    const folded = source.map((byte) => (lower && byte >= 65 && byte <= 90 ? byte + 32 : byte));
    const stops = stop === 0 ? undefined : new Terms(views, stop);
    const bytes: number[] = [];
    const found: [number, number][] = [];
    const starts: number[] = [];
    const putCharacters = (text: readonly number[]): void => {
      starts.push(found.length);
      text.forEach((byte) => {
        bytes.push(byte);
        if ((byte & 0xc0) === 0x80 && found.length > starts.at(-1)!) found.at(-1)![1] = bytes.length;
        else found.push([bytes.length - 1, bytes.length]);
      });
    };
    if (analyzer === textAnalyzer.word) {
      starts.push(0);
      if (!joined) bytes.push(...folded);
      for (const { begin, run } of split(folded, (i) => !isWord(source[i]!))) {
        if (run.length < minLength || (stops && stops.find(Uint8Array.from(run)) >= 0)) continue;
        const start = joined ? bytes.length : begin;
        found.push([start, start + run.length]);
        if (joined) bytes.push(...run, SPACE);
      }
    } else if (analyzer === textAnalyzer.char) {
      const isRun = (i: number): boolean => isSpace(source[i]) && (isSpace(source[i - 1]) || isSpace(source[i + 1]));
      putCharacters(folded.flatMap((byte, i) => (isRun(i) ? (isSpace(source[i - 1]) ? [] : [SPACE]) : [byte])));
    } else {
      for (const { run } of split(folded, (i) => isSpace(source[i]))) putCharacters([SPACE, ...run, SPACE]);
    }
    views.u8(out, bytes.length).set(bytes);
    views.u32(spans, found.length * 2).set(found.flat());
    views.u32(groups, starts.length + 2).set([starts.length, ...starts, found.length]);
    return found.length;
  };
}

/** The runs between the places that end one, with where they begin; none is empty. */
function split(bytes: readonly number[], ends: (i: number) => boolean): { begin: number; run: number[] }[] {
  const runs: { begin: number; run: number[] }[] = [];
  let run: number[] = [];
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && !ends(i)) run.push(bytes[i]!);
    else {
      if (run.length > 0) runs.push({ begin: i - run.length, run });
      run = [];
    }
  }
  return runs;
}

/** Plain twin of the kernel that makes grams of spans. */
export function textGrams(views: MemoryViews): TextGramsKernel {
  return (text, spans, groups, low, high, whole, grams) => {
    const [count = 0] = views.u32(groups, 1);
    const starts = views.u32(groups + 4, count + 1);
    const places = views.u32(spans, starts[count]! * 2);
    const found: number[] = [];
    for (let g = 0; g < count; g++) {
      const [first, end] = [starts[g]!, starts[g + 1]!];
      const most = end - first;
      if (most === 0) continue;
      for (let size = whole ? Math.min(low, most) : low; size <= Math.min(high, most); size++) {
        for (let i = first; i + size <= end; i++) {
          const begin = places[2 * i]!;
          const length = places[2 * (i + size - 1) + 1]! - begin;
          found.push(murmurHash3(views.u8(text + begin, length)), begin, length);
        }
      }
    }
    views.u32(grams, found.length).set(found);
    return found.length / 3;
  };
}

/** Plain twin of the kernel that makes columns of hashes. */
export function hashKeys(views: MemoryViews): HashKeysKernel {
  return (grams, n, nFeatures, signed, keys) => {
    const out = views.u32(keys, n);
    for (let i = 0; i < n; i++) {
      const hash = views.u32(grams, n * 3)[3 * i]! | 0;
      out[i] = 2 * (Math.abs(hash) % nFeatures) + (signed && hash < 0 ? 1 : 0);
    }
  };
}

/** Plain twin of the kernel that looks terms up. */
export function termKeys(views: MemoryViews): TermKeysKernel {
  return (table, text, grams, n, keys) => {
    const terms = new Terms(views, table);
    const places = views.u32(grams, n * 3);
    let found = 0;
    for (let i = 0; i < n; i++) {
      const number = terms.find(views.u8(text + places[3 * i + 1]!, places[3 * i + 2]!));
      if (number >= 0) views.u32(keys, n)[found++] = 2 * number;
    }
    return found;
  };
}

/** Plain twin of the kernel that counts terms. */
export function termCount(views: MemoryViews): TermCountKernel {
  return (table, text, grams, from, n, stamp, weight) => {
    const terms = new Terms(views, table);
    const places = views.u32(grams, n * 3);
    for (let i = from; i < n; i++) {
      const term = views.u8(text + places[3 * i + 1]!, places[3 * i + 2]!);
      let number = terms.find(term);
      if (number < 0) {
        number = terms.count;
        if (!terms.add(term)) return i;
      }
      const sums = terms.sums(number);
      const words = terms.words(number);
      if (words[3] !== stamp) sums[0]! += weight;
      words[3] = stamp;
      sums[1]! += weight;
    }
    return n;
  };
}

/** Plain twin of the kernel that fills the slots of a table of terms. */
export function termSlots(views: MemoryViews): TermSlotsKernel {
  return (table) => {
    const terms = new Terms(views, table);
    terms.slots.fill(0);
    for (let number = 0; number < terms.count; number++) {
      terms.words(number)[0] = murmurHash3(terms.text(number));
      terms.occupy(number);
    }
  };
}

/** Plain twin of the kernel that orders terms. */
export function termOrder(views: MemoryViews): TermOrderKernel {
  return (table, order) => {
    const terms = new Terms(views, table);
    const numbers = Array.from({ length: terms.count }, (_, number) => number);
    views.u32(order, terms.count).set(numbers.sort((a, b) => compare(terms.text(a), terms.text(b))));
  };
}

/** Plain twin of the kernel that counts keys by column. */
export function keyCounts(views: MemoryViews): KeyCountsKernel {
  return (keys, n, _scratch, indices, values) => {
    const list = views.u32(keys, n).sort();
    const counts = new Map<number, number>();
    for (const key of list) counts.set(key >>> 1, (counts.get(key >>> 1) ?? 0) + (key & 1 ? -1 : 1));
    views.u32(indices, counts.size).set([...counts.keys()]);
    views.f64(values, counts.size).set([...counts.values()]);
    return counts.size;
  };
}
