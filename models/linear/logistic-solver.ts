import { FitError, ParameterError } from "../../src/base/errors.js";
import { isSmall } from "./glm-fit.js";
import { MAX_CURVATURE } from "./penalised-fit.js";

/** Penalties of the logistic models. */
export type LogisticPenalty = "none" | "l2" | "l1" | "elasticnet";

/** Solvers of the logistic models. */
export type LogisticSolver = "newton" | "lbfgs" | "coordinate" | "fista" | "admm";

/** What the choice of a solver depends on. */
export interface SolverQuestion {
  readonly owner: string;
  readonly solver: "auto" | LogisticSolver;
  readonly penalty: LogisticPenalty;
  /** Classes. */
  readonly classes: number;
  readonly columns: number;
  /** Undefined where it is not known before a pass. */
  readonly rows: number | undefined;
  readonly layout: "dense" | "csr";
}

/** A solver, and in words why. */
export interface SolverChoice {
  readonly solver: LogisticSolver;
  readonly why: string;
}

/** Most iterations of each solver unless `maxIter` says otherwise: a cheap step takes more of them. */
export const DEFAULT_ITERATIONS: Readonly<Record<LogisticSolver, number>> = {
  newton: 100,
  lbfgs: 100,
  coordinate: 100,
  fista: 5000,
  admm: 500,
};

/** Coefficients of the multinomial loss up to which its whole Hessian is computed. */
const MAX_MULTINOMIAL_HESSIAN = 700;

/**
 * The solver that is asked for, or the one that takes the fewest passes.
 * @throws ParameterError for a solver that cannot take the penalty; FitError for one that cannot take as many columns
 */
export function chooseSolver(question: SolverQuestion): SolverChoice {
  const { solver } = question;
  return solver === "auto" ? automatic(question) : { solver, why: asked(question, solver) };
}

const coefficients = ({ classes, columns }: SolverQuestion): number => (columns + 1) * (classes > 2 ? classes : 1);

function automatic(question: SolverQuestion): SolverChoice {
  const { penalty, classes, columns, rows, layout } = question;
  const n = coefficients(question);
  const shape = `${n} coefficients (${columns} columns${classes > 2 ? `, ${classes} classes` : ""})`;
  if (penalty === "l1" || penalty === "elasticnet") {
    return n <= MAX_CURVATURE
      ? {
          solver: "coordinate",
          why: `The ${penalty} penalty has no derivative at 0, and ${shape} have a matrix of their curvature that is small: proximal Newton steps, each solved by coordinate descent over the columns that matter, take the fewest passes.`,
        }
      : {
          solver: "fista",
          why: `The ${penalty} penalty has no derivative at 0, and for ${shape} a matrix of their curvature would cost more than passes: accelerated proximal gradient steps need vectors only.`,
        };
  }
  if (classes <= 2 && rows !== undefined && isSmall(rows, columns, layout)) {
    return {
      solver: "newton",
      why: `The penalty is smooth, and ${rows} rows with ${shape} are few: Newton's method over all of them takes a handful of short passes.`,
    };
  }
  const many = rows === undefined ? "an unknown number of rows" : `${rows} rows`;
  return {
    solver: "lbfgs",
    why: `The penalty is smooth: for ${many} with ${shape} L-BFGS takes the fewest passes, where the Hessian of a sample is affordable as its preconditioner three or four. Consensus ADMM (solver: "admm") would take some twenty rounds.`,
  };
}

function asked(question: SolverQuestion, solver: LogisticSolver): string {
  const { owner, penalty, classes } = question;
  const n = coefficients(question);
  const rough = penalty === "l1" || penalty === "elasticnet";
  if (rough && (solver === "newton" || solver === "lbfgs")) {
    throw new ParameterError(
      `${owner}: solver ${JSON.stringify(solver)} cannot take penalty ${JSON.stringify(penalty)}, which has no derivative at 0. ` +
        'Use "coordinate", "fista" or "admm", or leave solver at "auto".',
    );
  }
  const most = solver === "newton" && classes > 2 ? MAX_MULTINOMIAL_HESSIAN : MAX_CURVATURE;
  if (solver !== "lbfgs" && solver !== "fista" && n > most) {
    throw new FitError(
      `${owner}: solver ${JSON.stringify(solver)} takes up to ${most} coefficients; there are ${n}. Use ${rough ? '"fista"' : '"lbfgs" or "fista"'}, or leave solver at "auto".`,
    );
  }
  return 'It was asked for by the parameter "solver".';
}
