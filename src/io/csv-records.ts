const NEWLINE = 10;
const RETURN = 13;

/** How records are written. */
export interface RecordSyntax {
  /** Code of the delimiter. */
  readonly delimiter: number;
  /** Code of the quote; -1 for none. */
  readonly quote: number;
}

/** The offset after the record that contains `at`, where `inside` says whether `at` lies in a quoted field. */
export function recordEnd(bytes: Uint8Array, at: number, inside: boolean, quote: number): number {
  let quoted = inside;
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === quote) quoted = !quoted;
    else if (byte === NEWLINE && !quoted) return i + 1;
  }
  return -1;
}

/** Visits every record that is not blank; `visit` returns false to stop. Lines count from 0 within `bytes`. */
export function eachRecord(
  bytes: Uint8Array,
  syntax: RecordSyntax,
  visit: (record: { line: number; start: number; end: number; fields: number }) => boolean,
): void {
  let line = 0;
  let start = 0;
  let startLine = 0;
  let fields = 1;
  let quoted = false;
  for (let i = 0; i <= bytes.length; i++) {
    const byte = i === bytes.length ? NEWLINE : bytes[i];
    if (byte === syntax.quote) quoted = !quoted;
    else if (byte === NEWLINE) {
      line += 1;
      if (quoted && i < bytes.length) continue;
      const end = i > start && bytes[i - 1] === RETURN ? i - 1 : i;
      if (end > start && !visit({ line: startLine, start, end, fields })) return;
      start = i + 1;
      startLine = line;
      fields = 1;
      quoted = false;
    } else if (byte === syntax.delimiter && !quoted) fields += 1;
  }
}

/** The same records without blank lines, which the parser would take for rows of nulls. */
export function withoutBlankLines(bytes: Buffer, syntax: RecordSyntax): Buffer {
  const suspicious = bytes[0] === NEWLINE || bytes[0] === RETURN || bytes.includes("\n\n") || bytes.includes("\n\r");
  if (!suspicious) return bytes;
  const lines: Buffer[] = [];
  const newline = Buffer.of(NEWLINE);
  eachRecord(bytes, syntax, ({ start, end }) => {
    lines.push(bytes.subarray(start, end), newline);
    return true;
  });
  return Buffer.concat(lines);
}

/** The first record with another number of fields than `fields`. */
export function findRagged(
  bytes: Uint8Array,
  syntax: RecordSyntax,
  fields: number,
): { line: number; fields: number } | undefined {
  let found: { line: number; fields: number } | undefined;
  eachRecord(bytes, syntax, (record) => {
    if (record.fields === fields) return true;
    found = { line: record.line, fields: record.fields };
    return false;
  });
  return found;
}

/** The line of the first record whose field `column` reads `text`. */
export function findField(bytes: Uint8Array, syntax: RecordSyntax, column: number, text: string): number | undefined {
  const delimiter = String.fromCharCode(syntax.delimiter);
  let found: number | undefined;
  eachRecord(bytes, syntax, (record) => {
    const fields = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset + record.start, record.end - record.start)
      .toString()
      .split(delimiter);
    if (fields[column]?.replaceAll('"', "").trim() !== text.trim()) return true;
    found = record.line;
    return false;
  });
  return found;
}

/** Newlines in `bytes`. */
export function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
