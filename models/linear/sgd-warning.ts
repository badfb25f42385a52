import type { SgdProblem } from "./sgd-fit.js";

/** Tells that the objective still improved in the last epoch; a `ConvergenceWarning` of the process. */
export function warnEpochs(owner: string, { maxIter, tol, nIterNoChange }: SgdProblem): void {
  process.emitWarning(
    `${owner}: not converged: within ${maxIter} epochs there were no ${nIterNoChange} without an improvement by ${tol}. ` +
      "Raise maxIter or tol, or scale X (StandardScaler).",
    "ConvergenceWarning",
  );
}
