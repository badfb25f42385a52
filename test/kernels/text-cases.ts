import { expect } from "vitest";
import {
  TERM_BYTES,
  TERM_TABLE_WORDS,
  textAnalyzer,
  type Kernels,
  type TextAnalyzerCode,
} from "#src/kernels/kernels.js";
import { expectSame, uniform, type Flavour, type KernelHarness } from "./kernel-harness.js";
import type { TwinCase } from "./matrix-cases.js";

const PLAIN = "aaabbcdeEF_9   .,";
const SPECIAL = "ab ÅΣ\t\n\u001c \u00a0漢😀. ";

/** Bytes of a text, `n` of them at most; with special values it is not ASCII. */
function textOf(n: number, seed: number, flavour: Flavour): number[] {
  const letters = [...(flavour === "plain" ? PLAIN : SPECIAL)];
  const text = uniform(n, seed).map((u) => letters[Math.floor(((u + 1) / 2) * letters.length)]!);
  const bytes = [...Buffer.from(text.join(""), "utf8")].slice(0, n);
  // A character that was cut in two is none.
  while (bytes.length > 0 && Buffer.from(bytes).toString("utf8").includes("\ufffd")) bytes.pop();
  return bytes;
}

interface Spans {
  readonly text: number;
  readonly spans: number;
  readonly groups: number;
}

/** Spans of a text on all sides. */
function spansOf(
  h: KernelHarness,
  analyzer: TextAnalyzerCode,
  bytes: readonly number[],
  { stop = 0, lower = 1, joined = 1 }: { stop?: number; lower?: 0 | 1; joined?: 0 | 1 } = {},
): Spans & { n: number } {
  const src = h.u8(bytes);
  const text = h.room(2 * bytes.length + 32, 1);
  const spans = h.room((2 * bytes.length + 2) * 8, 4);
  const groups = h.room((bytes.length + 3) * 4, 4);
  const { wasm, twin } = h.run((k) =>
    k.textSpans(analyzer, src, bytes.length, lower, 2, stop, joined, 0, text, spans, groups),
  );
  expect(wasm).toBe(twin);
  return { text, spans, groups, n: wasm };
}

/** Grams of a text on all sides. */
function gramsOf(h: KernelHarness, bytes: readonly number[], analyzer: TextAnalyzerCode, low: number, high: number) {
  const { text, spans, groups, n } = spansOf(h, analyzer, bytes);
  const grams = h.room(Math.max(1, n * (high - low + 1)) * 12, 4);
  const whole = analyzer === textAnalyzer.charWb ? 1 : 0;
  const { wasm, twin } = h.run((k) => k.textGrams(text, spans, groups, low, high, whole, grams));
  expect(wasm).toBe(twin);
  return { text, grams, count: wasm };
}

/** A table of terms with this room and these terms in it, on all sides. */
function tableOf(
  h: KernelHarness,
  terms: readonly string[],
  room: { terms: number; bytes: number; slots: number },
): number {
  const slots = h.room(room.slots * 4, 4);
  const entries = h.room(room.terms * TERM_BYTES);
  const bytes = h.room(room.bytes + 16, 1);
  const used = terms.join("").length;
  const head = h.u32([slots, room.slots, entries, 0, room.terms, bytes, 0, room.bytes]);
  h.allowWrites(head, TERM_TABLE_WORDS * 4);
  h.run((k) => k.fill(slots, 0, room.slots * 4));
  // The terms enter as a document does; its grams are written by hand.
  const source = h.u8([...Buffer.from(terms.join(""))]);
  let at = 0;
  const grams = h.u32(
    terms.flatMap((term) => {
      at += term.length;
      return [0, at - term.length, term.length];
    }),
  );
  expect(used).toBe(at);
  // Hashes are those of the kernels: a table that is filled by `termSlots` has them.
  h.run((k) => k.termCount(head, source, grams, 0, terms.length, 1, 1));
  h.run((k) => k.termSlots(head));
  return head;
}

const STOP = ["aab", "bb", "ab"];
const ROOM = { terms: 8, bytes: 64, slots: 16 };
const ANALYZERS = Object.values(textAnalyzer);

const textSpans: TwinCase = (h, n, flavour) => {
  const bytes = textOf(n, 1, flavour);
  const ways = [
    { stops: false, lower: 1, joined: 1 },
    { stops: true, lower: 1, joined: 1 },
    { stops: false, lower: 0, joined: 0 },
    { stops: true, lower: 1, joined: 0 },
  ] as const;
  for (const analyzer of ANALYZERS) {
    for (const { stops, lower, joined } of ways) {
      h.reset();
      const stop = stops ? tableOf(h, STOP, ROOM) : 0;
      const { text, spans, groups, n: count } = spansOf(h, analyzer, bytes, { stop, lower, joined });
      const what = `analyzer ${analyzer}, n ${n}, stop words ${stops}, lower ${lower}, joined ${joined}`;
      expectSame(h.bytesAt(spans, count * 8), `spans, ${what}`);
      const { wasm } = h.bytesAt(groups, 4);
      expectSame(h.bytesAt(groups, (new Uint32Array(wasm.buffer)[0]! + 2) * 4), `groups, ${what}`);
      const last = new Uint32Array(h.bytesAt(spans, count * 8).wasm.buffer).at(-1) ?? 0;
      expectSame(h.bytesAt(text, last), `text, ${what}`);
    }
  }
  h.reset();
  const refused = bytes.some((byte) => byte > 127);
  const [src, out] = [h.u8(bytes), h.room(2 * n + 32, 1)];
  const [spans, groups] = [h.room((2 * n + 2) * 8, 4), h.room((n + 3) * 4, 4)];
  const { wasm, twin } = h.run((k) => k.textSpans(1, src, bytes.length, 0, 1, 0, 0, 1, out, spans, groups));
  expect([wasm === -1, wasm]).toEqual([refused, twin]);
};

const textGrams: TwinCase = (h, n, flavour) => {
  const bytes = textOf(n, 2, flavour);
  for (const analyzer of ANALYZERS) {
    for (const [low, high] of [
      [1, 1],
      [1, 3],
      [2, 5],
      [7, 9],
    ] as const) {
      h.reset();
      const { grams, count } = gramsOf(h, bytes, analyzer, low, high);
      expectSame(h.bytesAt(grams, count * 12), `analyzer ${analyzer}, n ${n}, ${low} to ${high}`);
    }
  }
};

const hashKeys: TwinCase = (h, n) => {
  const hashes = uniform(n, 3).map((u, i) => (i % 11 === 5 ? 2 ** 31 : Math.floor((u + 1) * 2 ** 31)));
  for (const nFeatures of [1, 2, 1000, 2 ** 20, 2 ** 31 - 1]) {
    for (const signed of [0, 1]) {
      h.reset();
      const grams = h.u32(hashes.flatMap((hash) => [hash, 7, 7]));
      const keys = h.room(n * 4, 4);
      h.run((k) => k.hashKeys(grams, n, nFeatures, signed, keys));
      expectSame(h.bytesAt(keys, n * 4), `n ${n}, ${nFeatures} columns, signed ${signed}`);
    }
  }
};

const termKeys: TwinCase = (h, n, flavour) => {
  h.reset();
  const table = tableOf(h, ["aab", "bb", "b", "ab", "aa"], ROOM);
  const { text, grams, count } = gramsOf(h, textOf(n, 4, flavour), textAnalyzer.word, 1, 1);
  const keys = h.room(count * 4, 4);
  const { wasm, twin } = h.run((k) => k.termKeys(table, text, grams, count, keys));
  expect(wasm, `n ${n}`).toBe(twin);
  expectSame(h.bytesAt(keys, wasm * 4), `n ${n}`);
};

/** A table that has counted two documents; small ones stop for want of room. */
function counted(h: KernelHarness, n: number, flavour: Flavour, room: { terms: number; bytes: number; slots: number }) {
  h.reset();
  const table = tableOf(h, [], room);
  for (const [stamp, weight] of [
    [1, 1],
    [2, 0.5],
  ] as const) {
    // The plain table looks at all terms for each gram: long texts take it too long.
    const { text, grams, count } = gramsOf(h, textOf(Math.min(n, 600), 4 + stamp, flavour), textAnalyzer.word, 1, 2);
    const { wasm, twin } = h.run((k) => k.termCount(table, text, grams, 0, count, stamp, weight));
    expect(wasm, `n ${n}, document ${stamp}`).toBe(twin);
  }
  const head = new Uint32Array(h.bytesAt(table, TERM_TABLE_WORDS * 4).wasm.buffer);
  return {
    table,
    slots: head[0]!,
    slotCount: head[1]!,
    entries: head[2]!,
    count: head[3]!,
    bytes: head[5]!,
    used: head[6]!,
  };
}

const ROOMS = [
  { terms: 2000, bytes: 20_000, slots: 8192 },
  { terms: 3, bytes: 1000, slots: 64 },
  { terms: 100, bytes: 10, slots: 512 },
  { terms: 100, bytes: 1000, slots: 8 },
];

const termCount: TwinCase = (h, n, flavour) => {
  for (const room of ROOMS) {
    const { table, entries, count, bytes, used } = counted(h, n, flavour, room);
    expectSame(h.bytesAt(table, TERM_TABLE_WORDS * 4), `head, n ${n}`);
    expectSame(h.bytesAt(entries, count * TERM_BYTES), `entries, n ${n}`);
    expectSame(h.bytesAt(bytes, used), `bytes, n ${n}`);
  }
};

const termSlots: TwinCase = (h, n, flavour) => {
  const { table, slots, slotCount, entries, count } = counted(h, n, flavour, ROOMS[0]!);
  h.run((k) => k.fill(slots, 255, slotCount * 4));
  h.run((k) => k.termSlots(table));
  expectSame(h.bytesAt(slots, slotCount * 4), `slots, n ${n}`);
  expectSame(h.bytesAt(entries, count * TERM_BYTES), `entries, n ${n}`);
};

const termOrder: TwinCase = (h, n, flavour) => {
  const { table, count } = counted(h, n, flavour, ROOMS[0]!);
  const [order, scratch] = [h.room(count * 4, 4), h.room(count * 4, 4)];
  h.run((k) => k.termOrder(table, order, scratch));
  expectSame(h.bytesAt(order, count * 4), `n ${n}`);
};

const keyCounts: TwinCase = (h, n) => {
  for (const columns of [3, 50, 2 ** 31 - 1]) {
    h.reset();
    const list = uniform(n, 9).map((u) => 2 * Math.floor(((u + 1) / 2) * columns) + (u > 0.4 ? 1 : 0));
    const keys = h.u32(list);
    h.allowWrites(keys, n * 4);
    const [scratch, indices, values] = [h.room(n * 4, 4), h.room(n * 4, 4), h.room(n * 8)];
    const { wasm, twin } = h.run((k) => k.keyCounts(keys, n, scratch, indices, values));
    expect(wasm, `n ${n}, ${columns} columns`).toBe(twin);
    expectSame(h.bytesAt(keys, n * 4), `keys, n ${n}, ${columns} columns`);
    expectSame(h.bytesAt(indices, wasm * 4), `columns, n ${n}, ${columns} columns`);
    expectSame(h.f64At(values, wasm), `counts, n ${n}, ${columns} columns`);
  }
};

/** Cases of the kernels on text. */
export const textCases = {
  textSpans,
  textGrams,
  hashKeys,
  termKeys,
  termCount,
  termSlots,
  termOrder,
  keyCounts,
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
