import { damaged } from "./foreign-trees.js";

const SIZES: Readonly<Record<string, number>> = { i: 1, U: 1, C: 1, I: 2, l: 4, d: 4, L: 8, D: 8 };
const MAX_DEPTH = 64;

/**
 * Universal Binary JSON (draft 12) as plain data: what XGBoost writes as `.ubj`. Trusts nothing: lengths are held against
 * the bytes that are left, and depth is bounded.
 *
 * @throws DataError naming the byte where it ends to make sense
 */
export function readUbjson(owner: string, bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder("utf-8", { fatal: false });
  let at = 0;
  const fail = (what: string): never => {
    throw damaged(owner, `${what} at byte ${at} of ${bytes.length}`);
  };
  const need = (count: number): void => {
    if (!(count >= 0 && at + count <= bytes.length)) fail("it ends in the middle of a value");
  };
  const marker = (): string => {
    need(1);
    return String.fromCharCode(bytes[at++] as number);
  };
  const number = (type: string): number => {
    need(SIZES[type] ?? 1);
    const from = at;
    at += SIZES[type] ?? 0;
    if (type === "i") return view.getInt8(from);
    if (type === "U" || type === "C") return view.getUint8(from);
    if (type === "I") return view.getInt16(from);
    if (type === "l") return view.getInt32(from);
    if (type === "L") return Number(view.getBigInt64(from));
    if (type === "d") return view.getFloat32(from);
    if (type === "D") return view.getFloat64(from);
    return fail(`it has the unknown type ${JSON.stringify(type)}`);
  };
  const length = (): number => {
    const type = marker();
    if (!"iUIlL".includes(type)) fail(`it has a length of type ${JSON.stringify(type)}`);
    const count = number(type);
    // Every element takes at least a byte.
    need(count);
    return count;
  };
  const string = (): string => {
    const count = length();
    at += count;
    return text.decode(bytes.subarray(at - count, at));
  };
  const header = (): { type?: string; count?: number } => {
    let type: string | undefined;
    if (bytes[at] === 0x24) {
      at++;
      type = marker();
      if (!(type in SIZES)) fail(`it has a list of the type ${JSON.stringify(type)}`);
      if (bytes[at] !== 0x23) fail("it has a typed list without a length");
    }
    if (bytes[at] !== 0x23) return {};
    at++;
    const count = length();
    if (type) need(count * (SIZES[type] as number));
    return type ? { type, count } : { count };
  };
  const list = (depth: number): unknown[] => {
    const { type, count } = header();
    const out: unknown[] = [];
    if (count === undefined) {
      while (bytes[at] !== 0x5d) out.push(value(marker(), depth + 1));
      at++;
    } else for (let k = 0; k < count; k++) out.push(type ? number(type) : value(marker(), depth + 1));
    return out;
  };
  const object = (depth: number): Record<string, unknown> => {
    const { type, count } = header();
    const entries: [string, unknown][] = [];
    const entry = (): void => {
      const key = string();
      entries.push([key, type ? number(type) : value(marker(), depth + 1)]);
    };
    if (count === undefined) {
      while (bytes[at] !== 0x7d) entry();
      at++;
    } else for (let k = 0; k < count; k++) entry();
    return Object.fromEntries(entries);
  };
  const value = (type: string, depth: number): unknown => {
    if (depth > MAX_DEPTH) fail(`it nests deeper than ${MAX_DEPTH} levels`);
    if (type === "{") return object(depth);
    if (type === "[") return list(depth);
    if (type === "S") return string();
    if (type === "Z") return null;
    if (type === "T") return true;
    if (type === "F") return false;
    if (type === "N") return value(marker(), depth + 1);
    return number(type);
  };
  const out = value(marker(), 0);
  if (at !== bytes.length) fail("something follows the end");
  return out;
}
