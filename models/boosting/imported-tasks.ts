import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { addRowStep, largestAt, type RowStep } from "../../src/estimator/row-steps.js";
import type { DenseChunk } from "../../src/memory/column.js";
import type { ForeignLink } from "../../src/numeric/trees/formats/foreign-trees.js";
import { marginStep, rowMargins, type TreesArgs } from "./tree-tasks.js";
import { withZerosMissing, withoutZeros } from "./zeros-missing.js";

/** Imported trees and what becomes of their sums. */
export interface ImportedArgs extends TreesArgs {
  readonly link: ForeignLink;
  readonly sigmoid: number;
  /** Columns of which zeros are missing, as 1. */
  readonly zeroMissing: Uint8Array | undefined;
}

/** Sum of the trees for each row, a column an output. */
export function importedMarginStep(context: TaskContext, args: ImportedArgs, x: DenseChunk): DenseChunk<"f64"> {
  return marginStep(context, args, withZerosMissing(context, args.zeroMissing, x));
}

/** The same through the link: means, or the probabilities of the classes (of both, where there is one output). */
export function importedMeanStep(
  context: TaskContext,
  args: ImportedArgs & { readonly pair: boolean },
  x: DenseChunk,
): DenseChunk<"f64"> {
  const margin = importedMarginStep(context, args, x);
  const values = margin.columns.map((column) => context.memory.view(column));
  applyLink(values, x.rows, args.link, args.sigmoid);
  if (!args.pair) return margin;
  const both = context.memory.denseIn("f64", x.rows, 2, margin.columns[0]?.arena ?? 0);
  const [first, second] = both.columns.map((column) => context.memory.view(column)) as [Float64Array, Float64Array];
  const [own] = values as [Float64Array];
  for (let i = 0; i < x.rows; i++) {
    first[i] = 1 - (own[i] as number);
    second[i] = own[i] as number;
  }
  return both;
}

/** The most probable label of each row; of equal ones the first. */
export function importedLabelStep(
  context: TaskContext,
  args: ImportedArgs & { readonly labels: readonly number[] },
  x: DenseChunk,
): DenseChunk<"f64"> {
  const margin = importedMarginStep(context, args, x);
  const values = margin.columns.map((column) => context.memory.view(column));
  const out = context.memory.denseIn("f64", x.rows, 1, margin.columns[0]?.arena ?? 0);
  const [column] = out.columns;
  if (!column) return out;
  const labels = context.memory.view(column);
  for (let i = 0; i < x.rows; i++) {
    let best = 0;
    if (values.length === 1) best = Number((values[0]?.[i] as number) > 0);
    else
      for (let k = 1; k < values.length; k++) if ((values[k]?.[i] as number) > (values[best]?.[i] as number)) best = k;
    labels[i] = args.labels[best] as number;
  }
  return out;
}

/** Puts margins through a link, in place. */
export function applyLink(outputs: readonly Float64Array[], rows: number, link: ForeignLink, sigmoid: number): void {
  if (link === "identity") return;
  if (link !== "softmax") {
    const mean = means[link];
    for (const values of outputs) for (let i = 0; i < rows; i++) values[i] = mean(values[i] as number, sigmoid);
    return;
  }
  for (let i = 0; i < rows; i++) {
    let most = -Infinity;
    for (const values of outputs) most = Math.max(most, values[i] as number);
    let sum = 0;
    for (const values of outputs) sum += values[i] = Math.exp((values[i] as number) - most);
    for (const values of outputs) values[i] = (values[i] as number) / sum;
  }
}

const logistic = (m: number, sigmoid: number): number => 1 / (1 + Math.exp(-sigmoid * m));
const means: Readonly<Record<Exclude<ForeignLink, "identity" | "softmax">, (m: number, sigmoid: number) => number>> = {
  logistic,
  oneVsAll: logistic,
  exp: Math.exp,
  square: (m) => Math.sign(m) * m * m,
  softplus: (m) => Math.log1p(Math.exp(m)),
};

/** A step on one row from its margins. */
function addImportedStep<A extends ImportedArgs>(
  name: string,
  finish: (margins: Float64Array, args: A) => Float64Array,
): void {
  addRowStep<A>(fnRef(import.meta.url, name), (args) => {
    const marginsOf = rowMargins(args);
    if (!marginsOf) return undefined;
    const step = (row: Float64Array): Float64Array | undefined => {
      const margins = marginsOf(withoutZeros(args.zeroMissing, row));
      return margins && finish(margins, args);
    };
    return step as RowStep;
  });
}

addImportedStep("importedMarginStep", (margins) => margins);
addImportedStep<ImportedArgs & { readonly pair: boolean }>("importedMeanStep", (margins, { link, sigmoid, pair }) => {
  const outputs = Array.from(margins, (margin) => Float64Array.of(margin));
  applyLink(outputs, 1, link, sigmoid);
  const row = Float64Array.from(outputs, ([mean]) => mean as number);
  return pair ? Float64Array.of(1 - (row[0] as number), row[0] as number) : row;
});
addImportedStep<ImportedArgs & { readonly labels: readonly number[] }>("importedLabelStep", (margins, { labels }) => {
  const best = margins.length === 1 ? Number((margins[0] as number) > 0) : largestAt(margins);
  return Float64Array.of(labels[best] as number);
});
