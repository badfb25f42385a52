import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { addCellStep, type CellStep, type RowValue } from "../../src/estimator/row-steps.js";
import type { DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import { rowScores, scoresStep, type ScoresArgs } from "./softmax-predict-tasks.js";

/** Probabilities of the classes from the scores of one-vs-rest models; two classes have one score. */
export function probabilitiesStep(
  context: TaskContext,
  args: ScoresArgs & { logistic: boolean },
  x: MatrixChunk,
): DenseChunk<"f64"> {
  const scores = scoresStep(context, args, x);
  const sources = scores.columns.map((column) => context.memory.view(column));
  const [only] = sources;
  if (sources.length === 1 && only) {
    const out = context.memory.denseIn("f64", scores.rows, 2, scores.columns[0]?.arena ?? 0);
    const [first, second] = out.columns.map((column) => context.memory.view(column));
    for (let i = 0; i < only.length; i++) {
      const eta = only[i] as number;
      // Each side by its own formula: 1 − p would lose the digits of a small 1 − p.
      if (first) first[i] = probability(-eta, args.logistic);
      if (second) second[i] = probability(eta, args.logistic);
    }
    return out;
  }
  for (let i = 0; i < scores.rows; i++) {
    let sum = 0;
    for (const source of sources) sum += source[i] = probability(source[i] as number, args.logistic);
    // No model takes the row: all classes are as likely.
    for (const source of sources) source[i] = sum === 0 ? 1 / sources.length : (source[i] as number) / sum;
  }
  return scores;
}

function probability(eta: number, logistic: boolean): number {
  return logistic ? 1 / (1 + Math.exp(-eta)) : (Math.max(-1, Math.min(1, eta)) + 1) / 2;
}

addCellStep<ScoresArgs & { logistic: boolean }>(fnRef(import.meta.url, "probabilitiesStep"), (args): CellStep => {
  const scoresOf = rowScores(args);
  return (row) => {
    const scores = scoresOf(row as RowValue);
    if (!scores) return undefined;
    if (scores.length === 1) {
      const eta = scores[0] as number;
      return Float64Array.of(probability(-eta, args.logistic), probability(eta, args.logistic));
    }
    let sum = 0;
    for (let c = 0; c < scores.length; c++) sum += scores[c] = probability(scores[c] as number, args.logistic);
    return scores.map((own) => (sum === 0 ? 1 / scores.length : own / sum));
  };
});
