/** Tells that a solver stopped before it reached its tolerance; a `ConvergenceWarning` of the process. */
export function warnNotConverged(owner: string, maxIter: number, gradientNorm: number): void {
  process.emitWarning(
    `${owner}: not converged after ${maxIter} iterations (largest gradient entry ${gradientNorm.toExponential(2)}). ` +
      "Raise maxIter or tol, or scale X (StandardScaler).",
    "ConvergenceWarning",
  );
}
