import { DataError, show } from "../base/errors.js";
import type { RunOptions } from "../collections/plan-run.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { Engine } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { Design } from "./design.js";
import type { LabelSummary } from "./design-tasks.js";
import type { LabelInput, VectorInput } from "./inputs.js";

/** A class label. */
export type Label = number | string | boolean;

/** Labels as numbers. */
export interface CodedLabels {
  readonly values: VectorInput;
  /** The label that a number stands for. */
  labelOf(code: number): Label;
}

/** A column of text that can list its distinct values and be coded by them; data frame columns are. */
interface TextColumn {
  readonly isNumeric: boolean;
  classes(options: RunOptions & { engine?: Engine }): Promise<Label[]>;
  encode(classes: readonly Label[]): DistributedArray;
}

/** True for a column of a frame whose labels have to be listed and coded before they are numbers. */
export function isTextColumn(y: unknown): y is TextColumn {
  return typeof y === "object" && y !== null && (y as { isNumeric?: unknown }).isNumeric === false && "encode" in y;
}

const LABEL_LIMIT = 1000;

/**
 * Labels as numbers: numbers as they are, booleans as 0 and 1, strings as positions in their sorted list. A text column of a
 * frame takes one pass over that column to find the list, unless `classes` gives it.
 *
 * @throws DataError for labels of mixed types, or one that is not in `classes`
 */
export async function codeLabels(
  owner: string,
  y: LabelInput,
  options: RunOptions & { readonly engine?: Engine },
  classes?: readonly Label[],
): Promise<CodedLabels> {
  if (isTextColumn(y)) {
    const list = classes ?? (await y.classes(options));
    return { values: y.encode(list), labelOf: (code) => list[code] ?? "" };
  }
  if (!Array.isArray(y)) return { values: y as VectorInput, labelOf: (code) => code };
  const type = typeof y[0];
  if (type === "number") return { values: y as number[], labelOf: (code) => code };
  const list = classes ?? [...new Set(y as Label[])].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const position = new Map(list.map((label, code) => [label, code]));
  const values = Float64Array.from(y as Label[], (label, row) => {
    if (typeof label !== type)
      throw new DataError(
        `${owner}: y mixes ${type} and ${typeof label}; row ${row} is ${show(label)}. Use labels of one type.`,
      );
    const code = position.get(label);
    if (code === undefined)
      throw new DataError(
        `${owner}: y has the label ${show(label)} in row ${row}, which is not among ${list.map(show).join(", ")}.`,
      );
    return code;
  });
  return { values, labelOf: (code) => list[code] ?? "" };
}

/**
 * Holds a design and finds its distinct targets with their rows and weights on the way.
 * @throws DataError for more than 1000 labels, or one that is not an integer
 */
export async function holdWithLabels(design: Design): Promise<LabelSummary> {
  const step = fnRef(new URL("./design-tasks.js", import.meta.url).href, "labelStep");
  const summary = await design.holdAndReduce<LabelSummary>(
    step,
    { limit: LABEL_LIMIT, owner: design.owner },
    mergeLabels,
  );
  const broken = summary.labels.find((label) => !Number.isInteger(label));
  if (broken !== undefined || summary.labels.length > LABEL_LIMIT) {
    throw new DataError(
      `${design.owner}: y has ${broken === undefined ? `${summary.labels.length} distinct values` : `the value ${broken}`}, which does not look like labels. ` +
        "A classifier needs classes (integers, booleans or strings); for a number to predict use a regressor.",
    );
  }
  return summary;
}

function mergeLabels(a: LabelSummary, b: LabelSummary): LabelSummary {
  const found = new Map<number, [number, number]>();
  for (const part of [a, b]) {
    part.labels.forEach((label, k) => {
      const entry = found.get(label) ?? [0, 0];
      entry[0] += part.counts[k] ?? 0;
      entry[1] += part.weights[k] ?? 0;
      found.set(label, entry);
    });
  }
  const sorted = [...found].sort((p, q) => p[0] - q[0]);
  return {
    rows: a.rows + b.rows,
    columns: Math.max(a.columns, b.columns),
    labels: Float64Array.from(sorted, ([label]) => label),
    counts: Float64Array.from(sorted, ([, [count]]) => count),
    weights: Float64Array.from(sorted, ([, [, weight]]) => weight),
  };
}
