import { open } from "node:fs/promises";
import { throwIfAborted } from "../base/errors.js";
import { recordEnd } from "./csv-records.js";

const BLOCK = 4 * 2 ** 20;

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
    let odd = false;
    let counted = 0;
    for (const want of wanted) {
      if (want <= (cuts.at(-1) ?? 0)) continue;
      if (quote >= 0) {
        while (counted < want) {
          throwIfAborted(signal, "readCsv");
          const { bytesRead } = await file.read(block, 0, Math.min(BLOCK, want - counted), counted);
          if (bytesRead === 0) break;
          if (isOdd(block.subarray(0, bytesRead), quote)) odd = !odd;
          counted += bytesRead;
        }
      }
      const cut = await endFrom(want, odd);
      if (cut < 0) break;
      cuts.push(cut);
    }
    return cuts;
  } finally {
    await file.close();
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
