import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { cellReader } from "../../src/estimator/frame-row-steps.js";
import { addCellStep, type RowTools, type RowValue, type SparseRow } from "../../src/estimator/row-steps.js";
import { vectorsIn, type TableColumn, type TableStepArgs } from "../../src/estimator/table.js";
import { rowNorm, unaryOp, binaryOp } from "../../src/kernels/kernels.js";
import { kernelsFor, Workspace } from "../../src/kernels/workspace.js";
import type { CsrChunk, DenseChunk } from "../../src/memory/column.js";
import { hashOf, type HashedPlace } from "../hashed-place.js";
import { CsrRows } from "./csr-rows.js";
import { DocumentColumn } from "./document-column.js";
import { termsOf } from "./row-terms.js";
import { NO_TERMS, termStrings, type TermCounts, type TermList } from "./term-counts.js";
import { TermTable } from "./term-table.js";
import { TextAnalysis, type AnalysisArgs } from "./text-analysis.js";

/** What a pass over documents has counted. */
export interface CountedDocuments {
  readonly rows: number;
  /** Σw of all documents. */
  readonly weight: number;
  /** Ascending; in the given order where the terms were given. */
  readonly terms: TermCounts;
}

interface CountArgs extends TableStepArgs {
  readonly analysis: AnalysisArgs;
  /** The terms to count; null for all there are. */
  readonly given: TermList | null;
}

/** Counts the terms of one partition's documents. @throws DataError for null */
export function countTermsStep(
  context: TaskContext,
  args: CountArgs,
  value: unknown,
  ...vectors: DenseChunk[]
): CountedDocuments {
  const { owner } = args.zip;
  const documents = new DocumentColumn(context, owner, args.columns[0] as TableColumn, value);
  const { w } = vectorsIn(context, args.zip, documents.rows, vectors);
  const weights = w ? context.memory.view(w) : undefined;
  const weight = weights ? weights.reduce((sum, one) => sum + one, 0) : documents.rows;
  if (documents.rows === 0) return { rows: 0, weight, terms: args.given ? given(args.given) : NO_TERMS };
  const analysis = new TextAnalysis(context, documents.arena, args.analysis);
  if (args.given)
    return { rows: documents.rows, weight, terms: countGiven(context, documents, analysis, args.given, weights) };
  const table = new TermTable(context.memory, documents.arena);
  documents.forEach((row, pointer, length) => {
    const own = weights ? (weights[row] as number) : 1;
    // A document of weight 0 is as if it were not there.
    if (own > 0) table.count(analysis, analysis.cut(pointer, length), row + 1, own);
  });
  return { rows: documents.rows, weight, terms: table.counts() };
}

function given(terms: TermList): TermCounts {
  const count = terms.ends.length;
  return { ...terms, documents: new Float64Array(count), occurrences: new Float64Array(count) };
}

function countGiven(
  context: TaskContext,
  documents: DocumentColumn,
  analysis: TextAnalysis,
  terms: TermList,
  weights: Float64Array | undefined,
): TermCounts {
  const { memory } = context;
  const kernels = kernelsFor(memory.memoryOf(documents.arena));
  const table = TermTable.of(memory, documents.arena, terms);
  const found = given(terms);
  const rows = new CsrRows(context, documents.arena, documents.rows);
  documents.forEach((_row, pointer, length) => {
    const n = analysis.cut(pointer, length);
    rows.add(kernels.termKeys(table.pointer, analysis.text, analysis.grams, n, rows.keys(n)));
  });
  const chunk = rows.chunk(terms.ends.length, false);
  const [indptr, indices, values] = [memory.view(chunk.indptr), memory.view(chunk.indices), memory.view(chunk.values)];
  for (let i = 0; i < chunk.rows; i++) {
    const own = weights ? (weights[i] as number) : 1;
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
      const j = indices[k] as number;
      found.documents[j] = (found.documents[j] as number) + own;
      found.occurrences[j] = (found.occurrences[j] as number) + own * (values[k] as number);
    }
  }
  return found;
}

/** What becomes of counted rows. */
export interface WeighArgs {
  readonly sublinear: boolean;
  /** A factor for each column; null for none. */
  readonly scale: Float64Array | null;
  readonly norm: null | "l1" | "l2";
}

interface RowArgs extends WeighArgs {
  readonly owner: string;
  readonly columns: readonly TableColumn[];
  readonly analysis: AnalysisArgs;
  readonly binary: boolean;
}

interface HashRowArgs extends RowArgs {
  readonly nFeatures: number;
  readonly alternateSign: boolean;
}

interface TermRowArgs extends RowArgs {
  readonly terms: TermList;
}

/** One partition's documents as rows of hashed terms. @throws DataError for null */
export function hashRowsStep(context: TaskContext, args: HashRowArgs, value: unknown): CsrChunk {
  const { nFeatures } = args;
  return documentRows(context, args, nFeatures, value, (kernels, analysis) => {
    const signed = args.alternateSign ? 1 : 0;
    return (n, keys) => {
      kernels.hashKeys(analysis.grams, n, nFeatures, signed, keys);
      return n;
    };
  });
}

/** One partition's documents as rows of a vocabulary's terms; others are left out. @throws DataError for null */
export function termRowsStep(context: TaskContext, args: TermRowArgs, value: unknown): CsrChunk {
  return documentRows(context, args, args.terms.ends.length, value, (kernels, analysis, arena) => {
    const table = TermTable.of(context.memory, arena, args.terms);
    return (n, keys) => kernels.termKeys(table.pointer, analysis.text, analysis.grams, n, keys);
  });
}

/** Writes keys of a document's `n` grams; returns how many there are. */
type WriteKeys = (n: number, keys: number) => number;

function documentRows(
  context: TaskContext,
  args: RowArgs,
  width: number,
  value: unknown,
  keysOf: (kernels: ReturnType<typeof kernelsFor>, analysis: TextAnalysis, arena: number) => WriteKeys,
): CsrChunk {
  const { memory } = context;
  const documents = new DocumentColumn(context, args.owner, args.columns[0] as TableColumn, value);
  const analysis = new TextAnalysis(context, documents.arena, args.analysis);
  const rows = new CsrRows(context, documents.arena, documents.rows);
  const writeKeys = keysOf(kernelsFor(memory.memoryOf(documents.arena)), analysis, documents.arena);
  documents.forEach((_row, pointer, length) => {
    const n = analysis.cut(pointer, length);
    rows.add(writeKeys(n, rows.keys(n)));
  });
  const chunk = rows.chunk(width, args.binary);
  weigh(context, chunk, args);
  return chunk;
}

/** Weighs the entries of a new chunk where they are. */
export function weigh(context: TaskContext, chunk: CsrChunk, { sublinear, scale, norm }: WeighArgs): void {
  const { indptr, indices, values, rows } = chunk;
  using space = new Workspace(context.memory, values.arena);
  if (sublinear) {
    space.kernels.unary(unaryOp.log, values.offset, values.length, values.offset);
    space.kernels.binaryScalar(binaryOp.add, values.offset, 1, 0, values.length, values.offset);
  }
  if (scale) {
    const factors = space.vector(scale);
    space.kernels.csrScale(values.offset, space.pointer(indices), values.length, factors, values.offset);
  }
  // Rows of norm 0 stay as they are.
  if (norm)
    space.kernels.csrNormalizeRows(
      rowNorm[norm],
      space.pointer(indptr),
      values.offset,
      rows,
      Number.MIN_VALUE,
      values.offset,
    );
}

/** {@link weigh} on one row. */
export function weighRow(row: SparseRow, { sublinear, scale, norm }: WeighArgs, tools: RowTools): SparseRow {
  let size = 0;
  const values = Float64Array.from(row.values, (value, k) => {
    const own = (sublinear ? tools.log(value) + 1 : value) * (scale ? (scale[row.indices[k] as number] as number) : 1);
    size += norm === "l2" ? own * own : Math.abs(own);
    return own;
  });
  if (norm === "l2") size = Math.sqrt(size);
  const by = norm === null || size < Number.MIN_VALUE ? 1 : size;
  return { ...row, values: values.map((value) => value / by) };
}

/** How documents of one row are counted: the columns, and where a term goes. */
function addDocumentStep<A extends RowArgs>(
  name: string,
  make: (args: A) => { readonly width: number; readonly placeOf: (term: string) => HashedPlace | undefined },
): void {
  addCellStep<A>(fnRef(import.meta.url, name), (args, tools) => {
    const { width, placeOf } = make(args);
    const terms = termsOf(args.analysis);
    const read = cellReader(args.columns.slice(0, 1));
    return (row) => {
      const document = read(row as RowValue, 0);
      if (typeof document !== "string") return undefined;
      const counts = new Map<number, number>();
      for (const term of terms(document)) {
        const place = placeOf(term);
        if (place) counts.set(place.column, (counts.get(place.column) ?? 0) + place.sign);
      }
      const indices = [...counts.keys()].sort((a, b) => a - b);
      const values = indices.map((column) => (args.binary ? 1 : (counts.get(column) as number)));
      return weighRow({ width, indices, values }, args, tools);
    };
  });
}

addDocumentStep<HashRowArgs>("hashRowsStep", ({ nFeatures, alternateSign }) => ({
  width: nFeatures,
  placeOf: hashOf(nFeatures, alternateSign),
}));

addDocumentStep<TermRowArgs>("termRowsStep", ({ terms }) => {
  const places = new Map(termStrings(terms).map((term, column) => [term, { column, sign: 1 } as const]));
  return { width: terms.ends.length, placeOf: (term) => places.get(term) };
});
