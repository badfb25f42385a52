/** Terms with their counts; plain data. */
export interface TermCounts {
  /** UTF-8, one after the other. */
  readonly bytes: Uint8Array;
  /** Where each ends in `bytes`. */
  readonly ends: Uint32Array;
  /** Σw of the documents that have it. */
  readonly documents: Float64Array;
  /** Σw of its occurrences. */
  readonly occurrences: Float64Array;
}

/** Terms without their counts. */
export type TermList = Pick<TermCounts, "bytes" | "ends">;

export const NO_TERMS: TermCounts = {
  bytes: new Uint8Array(),
  ends: new Uint32Array(),
  documents: new Float64Array(),
  occurrences: new Float64Array(),
};

/** Terms from strings, in their order. */
export function listTerms(terms: readonly string[]): TermList {
  let end = 0;
  const ends = Uint32Array.from(terms, (term) => (end += Buffer.byteLength(term)));
  const bytes = Buffer.from(terms.join(""), "utf8");
  return { bytes: new Uint8Array(bytes), ends };
}

/** Terms as strings. */
export function termStrings({ bytes, ends }: TermList): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from(ends, (end, i) => text.toString("utf8", i === 0 ? 0 : ends[i - 1], end));
}

/** The terms at these places, in this order. */
export function takeTerms(terms: TermCounts, places: Int32Array): TermCounts {
  const start = (k: number): number => (k === 0 ? 0 : (terms.ends[k - 1] as number));
  let size = 0;
  for (const k of places) size += (terms.ends[k] as number) - start(k);
  const bytes = new Uint8Array(size);
  let at = 0;
  const ends = Uint32Array.from(places, (k) => {
    bytes.set(terms.bytes.subarray(start(k), terms.ends[k]), at);
    return (at += (terms.ends[k] as number) - start(k));
  });
  return {
    bytes,
    ends,
    documents: Float64Array.from(places, (k) => terms.documents[k] as number),
    occurrences: Float64Array.from(places, (k) => terms.occurrences[k] as number),
  };
}

/** The union of two ascending lists, counts added. Ascending is by UTF-8 bytes, which is by code points. */
export function mergeTerms(a: TermCounts, b: TermCounts): TermCounts {
  const most = a.ends.length + b.ends.length;
  const bytes = new Uint8Array(a.bytes.length + b.bytes.length);
  const ends = new Uint32Array(most);
  const documents = new Float64Array(most);
  const occurrences = new Float64Array(most);
  let [i, j, n, at] = [0, 0, 0, 0];
  let [startA, startB] = [0, 0];
  const endOf = (terms: TermCounts, k: number): number => terms.ends[k] as number;
  while (i < a.ends.length || j < b.ends.length) {
    const order =
      i >= a.ends.length
        ? 1
        : j >= b.ends.length
          ? -1
          : compareBytes(a.bytes, startA, endOf(a, i), b.bytes, startB, endOf(b, j));
    const [source, start, end] = order <= 0 ? [a.bytes, startA, endOf(a, i)] : [b.bytes, startB, endOf(b, j)];
    for (let k = start; k < end; k++) bytes[at++] = source[k] as number;
    ends[n] = at;
    if (order <= 0) {
      documents[n] = a.documents[i] as number;
      occurrences[n] = a.occurrences[i] as number;
      startA = endOf(a, i++);
    }
    if (order >= 0) {
      documents[n] = (documents[n] as number) + (b.documents[j] as number);
      occurrences[n] = (occurrences[n] as number) + (b.occurrences[j] as number);
      startB = endOf(b, j++);
    }
    n++;
  }
  return {
    bytes: bytes.slice(0, at),
    ends: ends.slice(0, n),
    documents: documents.slice(0, n),
    occurrences: occurrences.slice(0, n),
  };
}

function compareBytes(a: Uint8Array, fromA: number, endA: number, b: Uint8Array, fromB: number, endB: number): number {
  let i = fromA;
  let j = fromB;
  while (i < endA && j < endB) {
    const difference = (a[i++] as number) - (b[j++] as number);
    if (difference !== 0) return difference;
  }
  return endA - i - (endB - j);
}
