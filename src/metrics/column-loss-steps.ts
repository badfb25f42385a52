import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import { checkProbabilities, type LogLossPartial } from "./classification-steps.js";
import type { MetricRows } from "./metric-kernel.js";

/** What {@link columnLossStep} sums over the rows. */
export type ColumnLoss =
  | { readonly loss: "squared" }
  | { readonly loss: "hinge" }
  | { readonly loss: "top"; readonly k: number };

/** Arguments of {@link columnLossStep}. */
export type ColumnLossArgs = ColumnLoss & {
  /** Codes of the classes, ascending, one a column; found in yTrue unless given. */
  readonly labels?: readonly number[];
};

/**
 * Σ w · loss(row, column of its label), by label and by column: which column belongs to a label is known only when all
 * labels are. "squared" is the squared distance of a row of probabilities from certainty about the column (half of it
 * for
 * one column of two classes); "hinge" is max(0, 1 - margin), where the margin is the column's score less the largest of
 * the others (one column of two classes: the score, or its negative); "top" is 1 where the column's score is among the
 * k largest, later columns first among equals.
 */
export function columnLossStep(_context: TaskContext, args: ColumnLossArgs, rows: MetricRows): LogLossPartial {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const values = (args.loss === "squared" ? rows.columns.yProba : rows.columns.yScore) as readonly Float64Array[];
  if (args.loss === "squared") checkProbabilities(values, rows);
  const classes = Math.max(2, values.length);
  const fill =
    args.loss === "squared"
      ? squaredLosses(values)
      : args.loss === "hinge"
        ? hingeLosses(values)
        : topHits(values, args.k);
  const losses = new Float64Array(classes);
  const given = args.labels ? new Map(args.labels.map((label, column) => [label, column])) : undefined;
  const known = new CompensatedSum();
  const found = new Map<number, CompensatedSum[]>();
  for (let i = 0; i < rows.rows; i++) {
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    const label = t[i] as number;
    fill(i, losses);
    if (given) {
      const column = given.get(label);
      if (column === undefined) throw place(rows, i, "of yTrue has a label that is not in labels. List every class.");
      known.add(w * (losses[column] as number));
      continue;
    }
    let sums = found.get(label);
    if (!sums) {
      if (found.size === classes) {
        throw place(
          rows,
          i,
          `has class number ${classes + 1} of yTrue, but there are columns for ${classes}. Pass one column a class.`,
        );
      }
      sums = Array.from({ length: classes }, () => new CompensatedSum());
      found.set(label, sums);
    }
    for (let column = 0; column < classes; column++)
      (sums[column] as CompensatedSum).add(w * (losses[column] as number));
  }
  if (given) return { labels: [], losses: [Float64Array.of(known.value)] };
  const labels = [...found.keys()].sort((a, b) => a - b);
  return { labels, losses: labels.map((label) => Float64Array.from(found.get(label) ?? [], (sum) => sum.value)) };
}

/** Names {@link columnLossStep} for the engine. */
export const COLUMN_LOSS_STEP = fnRef(import.meta.url, "columnLossStep");

type Fill = (row: number, losses: Float64Array) => void;

function squaredLosses(proba: readonly Float64Array[]): Fill {
  const [only] = proba;
  if (proba.length === 1 && only) {
    return (i, losses) => {
      const p = only[i] as number;
      losses[0] = p * p;
      losses[1] = (1 - p) ** 2;
    };
  }
  return (i, losses) => {
    for (let column = 0; column < proba.length; column++) {
      let sum = 0;
      for (let other = 0; other < proba.length; other++) {
        sum += (((proba[other] as Float64Array)[i] as number) - (other === column ? 1 : 0)) ** 2;
      }
      losses[column] = sum;
    }
  };
}

function hingeLosses(scores: readonly Float64Array[]): Fill {
  const [only] = scores;
  if (scores.length === 1 && only) {
    return (i, losses) => {
      const score = only[i] as number;
      losses[0] = Math.max(0, 1 + score);
      losses[1] = Math.max(0, 1 - score);
    };
  }
  return (i, losses) => {
    for (let column = 0; column < scores.length; column++) {
      let other = -Infinity;
      for (let k = 0; k < scores.length; k++)
        if (k !== column) other = Math.max(other, (scores[k] as Float64Array)[i] as number);
      losses[column] = Math.max(0, 1 - ((scores[column] as Float64Array)[i] as number) + other);
    }
  };
}

function topHits(scores: readonly Float64Array[], k: number): Fill {
  return (i, losses) => {
    for (let column = 0; column < scores.length; column++) {
      const own = (scores[column] as Float64Array)[i] as number;
      let above = 0;
      for (let other = 0; other < scores.length; other++) {
        const value = (scores[other] as Float64Array)[i] as number;
        if (value > own || (value === own && other > column)) above++;
      }
      losses[column] = above < k ? 1 : 0;
    }
  };
}

function place(rows: MetricRows, row: number, text: string): DataError {
  return new DataError(`${rows.owner}: partition ${rows.partition}, row ${row} ${text}`, {
    details: { partition: rows.partition, row },
  });
}
