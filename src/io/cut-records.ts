import { open } from "node:fs/promises";
import { throwIfAborted } from "../base/errors.js";
import { recordEnd } from "./csv-records.js";

const BLOCK = 4 * 2 ** 20;
const READERS = 4;

/**
 * Where to cut a text file near each offset of `wanted` (ascending) so that no record is cut: after the newline that
 * ends the record there. A newline inside a quoted field does not end a record, and whether an offset lies in one can
 * only be known by counting the quotes before it: one streaming pass, and none when `quote` is -1.
 */
export async function cutRecords(
  path: string,
  wanted: readonly number[],
  quote: number,
  signal?: AbortSignal,
): Promise<number[]> {
  const file = await open(path, "r");
  const cuts: number[] = [];
  const block = Buffer.allocUnsafe(BLOCK);
  try {
    const inside = quote < 0 ? wanted.map(() => false) : await quotedAt();
    for (const [i, want] of wanted.entries()) {
      if (want <= (cuts.at(-1) ?? 0)) continue;
      const cut = await endFrom(want, inside[i] ?? false);
      if (cut < 0) break;
      cuts.push(cut);
    }
    return cuts;
  } finally {
    await file.close();
  }

  /** Whether each wanted offset has an odd number of quotes before it. The stretches between them are read side by side. */
  async function quotedAt(): Promise<boolean[]> {
    const odd: boolean[] = wanted.map(() => false);
    let next = 0;
    const reader = async (): Promise<void> => {
      const piece = Buffer.allocUnsafe(BLOCK / READERS);
      for (let i = next++; i < wanted.length; i = next++) {
        const end = wanted[i] as number;
        for (let at = wanted[i - 1] ?? 0; at < end;) {
          throwIfAborted(signal, "readCsv");
          const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, end - at), at);
          if (bytesRead === 0) break;
          if (isOdd(piece.subarray(0, bytesRead), quote)) odd[i] = !odd[i];
          at += bytesRead;
        }
      }
    };
    // All of them end before the file is closed, also when one fails.
    const ends = await Promise.allSettled(Array.from({ length: READERS }, reader));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    let inside = false;
    return odd.map((flips) => (inside = inside !== flips));
  }

  async function endFrom(from: number, inside: boolean): Promise<number> {
    let quoted = inside;
    for (let at = from; ;) {
      const { bytesRead } = await file.read(block, 0, at === from ? 65536 : BLOCK, at);
      if (bytesRead === 0) return -1;
      const bytes = block.subarray(0, bytesRead);
      const end = recordEnd(bytes, 0, quoted, quote);
      if (end >= 0) return at + end;
      if (quote >= 0 && isOdd(bytes, quote)) quoted = !quoted;
      at += bytesRead;
    }
  }
}

function isOdd(bytes: Buffer, quote: number): boolean {
  let count = 0;
  // Few quotes: jump from one to the next. Many: every byte is looked at, without the cost of a call for each.
  for (let at = bytes.indexOf(quote); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    count += 1;
    if (count > 64 && count * 32 > at) {
      for (let i = at + 1; i < bytes.length; i++) if (bytes[i] === quote) count += 1;
      break;
    }
  }
  return (count & 1) === 1;
}
