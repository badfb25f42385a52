import type { Design } from "../../src/estimator/design.js";
import { mergeSeparation, SEPARATION_STEP, type SeparationExtents } from "../../src/numeric/separation-steps.js";

/** Iterations from which on an unpenalised fit looks as if its coefficients grew without bound. */
const SUSPICIOUS = 12;

/** What a fit without a penalty says about itself. */
export interface UnboundedFit {
  /** Coefficients, intercept last. */
  readonly x: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Warns where columns separate the rows with y = 0 from the others, so that without a penalty the likelihood grows with the
 * coefficients for ever (Albert and Anderson 1984): a `SeparationWarning` of the process that names the column. One pass, and
 * only after a fit that took suspiciously many iterations.
 *
 * @param kind what y is: outcomes, where both sides can separate, or counts, whose zeros can be separated from the others
 * @param sides what rows with y = 0 and the others are called
 */
export async function warnIfSeparated(
  design: Design,
  fit: UnboundedFit,
  kind: "outcomes" | "counts",
  sides: readonly [string, string],
): Promise<void> {
  if (fit.converged && fit.iterations < SUSPICIOUS) return;
  const extents = await design.reduce<SeparationExtents>(SEPARATION_STEP, { coef: fit.x }, mergeSeparation, false);
  const found = separated(extents, kind);
  const p = design.nFeatures;
  const nameOf = (j: number): string => JSON.stringify(design.names?.[j] ?? j);
  const remedy = `Its likelihood has no maximum: coefficients and predicted certainty grow with every iteration. Use a penalty, drop the column, or pool its values.`;
  const owner = design.owner.replace(/\.fit$/, "");
  const warn = (message: string): void => process.emitWarning(`${owner}: ${message}`, "SeparationWarning");
  if (found) {
    const { column, complete, at } = found;
    if (kind === "counts") {
      warn(
        `column ${nameOf(column)} is ${at} wherever y is above 0, and other values have y = 0 only (quasi-complete separation). ${remedy}`,
      );
    } else if (complete) {
      warn(`column ${nameOf(column)} separates ${sides[0]} from ${sides[1]} perfectly, at about ${at}. ${remedy}`);
    } else {
      warn(
        `column ${nameOf(column)} separates ${sides[0]} from ${sides[1]} but for rows where it is ${at} (quasi-complete separation). ${remedy}`,
      );
    }
  } else if (kind === "outcomes" && extents.below < extents.above) {
    let largest = 0;
    for (let j = 1; j < p; j++) if (reach(extents, fit.x, j) > reach(extents, fit.x, largest)) largest = j;
    warn(
      `a combination of columns, most of all ${nameOf(largest)}, separates ${sides[0]} from ${sides[1]} perfectly. ${remedy}`,
    );
  }
}

/** How far apart a column alone can move the linear predictor. */
function reach({ low, high }: SeparationExtents, x: Float64Array, j: number): number {
  const spread = Math.max(high[0][j] ?? 0, high[1][j] ?? 0) - Math.min(low[0][j] ?? 0, low[1][j] ?? 0);
  return Math.abs((x[j] ?? 0) * spread);
}

/** The first column that separates by itself; complete separation before quasi-complete. */
function separated(
  { low, high }: SeparationExtents,
  kind: "outcomes" | "counts",
): { column: number; complete: boolean; at: number } | undefined {
  let quasi: { column: number; complete: boolean; at: number } | undefined;
  for (let j = 0; j < low[0].length; j++) {
    const [low0, high0] = [low[0][j] ?? 0, high[0][j] ?? 0];
    const [low1, high1] = [low[1][j] ?? 0, high[1][j] ?? 0];
    if (low0 === high0 && low1 === high1 && low0 === low1) continue;
    if (kind === "counts") {
      if (low1 === high1 && (high0 <= low1 || low0 >= high1)) return { column: j, complete: false, at: low1 };
      continue;
    }
    if (high0 < low1) return { column: j, complete: true, at: (high0 + low1) / 2 };
    if (high1 < low0) return { column: j, complete: true, at: (high1 + low0) / 2 };
    if (high0 === low1) quasi ??= { column: j, complete: false, at: low1 };
    else if (high1 === low0) quasi ??= { column: j, complete: false, at: low0 };
  }
  return quasi;
}
