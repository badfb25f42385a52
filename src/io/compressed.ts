import { closeSync, createReadStream, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import { createGunzip, gunzipSync } from "node:zlib";
import * as zlib from "node:zlib";
import { FileError, show } from "../base/errors.js";

/** How a text file is packed. */
export type Compression = "gzip" | "zstd" | null;

/** Recognised by the first bytes, not by the name. */
export function compressionOf(path: string): Compression {
  const head = readRange(path, 0, 4);
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return null;
}

/** Bytes [start, end) of a file; fewer where it ends. */
export function readRange(path: string, start: number, end: number): Buffer {
  const file = openSync(path, "r");
  try {
    const length = Math.max(0, Math.min(end, fstatSync(file).size) - start);
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readFully(file, start, bytes));
  } finally {
    closeSync(file);
  }
}

/** Fills `target`, which may lie in shared memory, with a file's bytes from `start`; returns how many there were. */
export function readInto(path: string, start: number, target: Uint8Array): number {
  const file = openSync(path, "r");
  try {
    return readFully(file, start, target);
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, start: number, target: Uint8Array): number {
  let at = 0;
  while (at < target.length) {
    const read = readSync(file, target, at, target.length - at, start + at);
    if (read === 0) break;
    at += read;
  }
  return at;
}

/**
 * The whole content of a compressed file.
 * @throws FileError for damaged content
 */
export function unpack(path: string, compression: "gzip" | "zstd"): Buffer {
  const packed = readFileSync(path);
  try {
    return compression === "gzip" ? gunzipSync(packed) : unpackZstd(path, packed);
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw damaged(path, compression, cause);
  }
}

/** The first `bytes` of a file's content, unpacked. */
export async function readHead(path: string, compression: Compression, bytes: number): Promise<Buffer> {
  if (compression === null) return readRange(path, 0, bytes);
  if (compression === "zstd") return unpack(path, "zstd").subarray(0, bytes);
  const stream = createReadStream(path).pipe(createGunzip());
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length >= bytes) break;
    }
  } catch (cause) {
    throw damaged(path, compression, cause);
  } finally {
    stream.destroy();
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

function damaged(path: string, compression: string, cause: unknown): FileError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FileError(
    `${show(path)} is damaged or cut short: its ${compression} content cannot be unpacked (${reason}). Get the file again.`,
    {
      cause,
      details: { path },
    },
  );
}

function unpackZstd(path: string, packed: Buffer): Buffer {
  // Node 22.15 and later unpack zstd themselves; on Node 20 the pure package fzstd does.
  const native = (zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Buffer }).zstdDecompressSync;
  if (native) return native(packed);
  let fzstd: { decompress(bytes: Uint8Array): Uint8Array };
  try {
    fzstd = createRequire(import.meta.url)("fzstd") as typeof fzstd;
  } catch (cause) {
    throw new FileError(
      `${show(path)} is zstd-compressed, which this Node cannot unpack. Install fzstd, or use Node 22.15 or later.`,
      { cause, details: { path } },
    );
  }
  const bytes = fzstd.decompress(packed);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
