/** Tells that a support vector machine stopped before its tolerance; a `ConvergenceWarning` of the process. */
export function warnMargin(owner: string, at: { nIter: number; objective: number; dualGap: number }): void {
  process.emitWarning(
    `${owner}: not converged after ${at.nIter} steps (duality gap ${at.dualGap.toExponential(2)} of an objective of ${at.objective.toExponential(2)}). ` +
      "Raise maxIter or tol, or scale X (StandardScaler).",
    "ConvergenceWarning",
  );
}
