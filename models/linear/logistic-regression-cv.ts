import { DataError, FitError, ParameterError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { requireTarget, type LabelInput, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import type { Split } from "../../src/model-selection/row-selection.js";
import { scoreModel, scorersOf } from "../../src/model-selection/scoring.js";
import type { Splittable } from "../../src/model-selection/splittable.js";
import { openTrialData, splitterOf, type Cv, type TrialData } from "../../src/model-selection/trial-data.js";
import type { TrialEstimator } from "../../src/model-selection/trial-estimator.js";
import { addVectors } from "../../src/numeric/add-vectors.js";
import type { Solution } from "../../src/numeric/solvers/objective.js";
import type { ClassWeight } from "../../src/estimator/class-design.js";
import { assertUsableSolution, fitLogistic, openClasses, penaltyFactors, type ClassDesign } from "./logistic-fit.js";
import { foldPath, meanOf } from "./logistic-cv-path.js";
import { LogisticModel, type LogisticState } from "./logistic-model.js";
import { logisticTerms, LogisticRegression, stateOf } from "./logistic-regression.js";
import type { SolverExplanation } from "./solver-explanation.js";
import { chooseSolver, DEFAULT_ITERATIONS } from "./logistic-solver.js";

/** Parameters of {@link LogisticRegressionCV}. */
export interface LogisticRegressionCVParams {
  Cs: number | number[];
  penalty: "l2" | "l1" | "elasticnet";
  l1Ratios: number[] | null;
  cv: number;
  scoring: string;
  refit: boolean;
  fitIntercept: boolean;
  classWeight: ClassWeight;
  tol: number;
  maxIter: number | null;
}

/** Options of {@link LogisticRegressionCV.fit}. */
export interface LogisticCVFitOptions extends FitOptions {
  /** A splitter or splits in place of the parameter `cv`; each row is tested once at most, and trains where it is not tested. */
  readonly cv?: Cv;
  /** Groups, for splitters by group. */
  readonly groups?: Splittable;
}

interface LogisticRegressionCVState extends LogisticState {
  readonly C: number;
  readonly l1Ratio: number;
  readonly Cs: Float64Array;
  readonly l1Ratios: Float64Array;
  readonly folds: number;
  readonly scores: Float64Array;
}

const TABLE = new ParamTable<LogisticRegressionCVParams>("LogisticRegressionCV", (z) =>
  z.object({
    Cs: z
      .union([z.int().min(1), z.array(z.number().positive()).min(1)])
      .default(10)
      .describe("inverse penalties to choose from, or how many between 1e-4 and 1e4, evenly on a logarithmic scale"),
    penalty: z.enum(["l2", "l1", "elasticnet"]).default("l2").describe("as for LogisticRegression"),
    l1Ratios: z
      .array(z.number().min(0).max(1))
      .min(1)
      .nullable()
      .default(null)
      .describe("shares of |coef|₁ in the elastic net to choose from, which needs them; null for the other penalties"),
    cv: z.int().min(2).default(5).describe("number of folds, each with every label in proportion (StratifiedKFold)"),
    scoring: z.string().min(1).default("accuracy").describe("name of the scorer, greater is better"),
    refit: z
      .boolean()
      .default(true)
      .describe("fit on all rows with the best; else the mean of the folds' coefficients, each at its own best"),
    fitIntercept: logisticTerms.fitIntercept(z),
    classWeight: logisticTerms.classWeight(z),
    tol: logisticTerms.tol(z),
    maxIter: logisticTerms.maxIter(z),
  }),
);

const FOLD_ACCURACY = fnRef(new URL("./fold-score-task.js", import.meta.url).href, "foldAccuracyStep");

/**
 * {@link LogisticRegression} with its penalty chosen by scores on left-out folds. The objective, its scaling and the meaning
 * of `C`, `penalty` and `classWeight` are those there.
 *
 * X is read once and held. The path goes from the strongest penalty to the weakest, each solution starting the next. The
 * models of all folds are solved side by side: every pass over the held partitions evaluates all of them, and the Hessian of
 * one sample (not where there are more than 2,500 coefficients) makes those passes few. Accuracies of all folds take one
 * pass a penalty; other scorers read the test rows of each fold.
 *
 * `scores` holds the score of each share, C and fold; the first best mean over the folds is taken. Scores are weighted by
 * `sampleWeight`, without class weights. Ties go to the earlier C.
 *
 * X, y, NaN, warnings and aborts are as for {@link LogisticRegression}.
 *
 * Differs from scikit-learn: `l1Ratios` go with `penalty: "elasticnet"`; one path of multinomial models for several classes,
 * as its recent versions; a splitter is an option of `fit`, not a parameter, and has to test each row once at most.
 *
 * @example
 * ```ts
 * const model = await new LogisticRegressionCV({ Cs: [0.1, 1, 10], cv: 3 }).fit(X, y);
 * console.log(model.C, model.scores, model.coef);
 * ```
 */
export class LogisticRegressionCV extends LogisticModel<LogisticRegressionCVParams, LogisticRegressionCVState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LogisticRegressionCVParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LogisticRegressionCV {
    return new LogisticRegressionCV().restore(json);
  }

  /**
   * @throws ParameterError for parameters that exclude each other or an unknown scorer; DataError for NaN, infinities,
   *   lengths that differ, labels with fewer rows than folds or folds that overlap; FitError for one class only
   */
  async fit(X: MatrixInput, y: LabelInput, options: LogisticCVFitOptions = {}): Promise<this> {
    const owner = "LogisticRegressionCV.fit";
    const { penalty, fitIntercept, classWeight, tol, refit, scoring } = this.params;
    const ratios = this.#l1Ratios(owner);
    const Cs = gridOf(this.params.Cs);
    const blank = new LogisticRegression() as unknown as TrialEstimator;
    const scorers = scorersOf(owner, blank, scoring);
    const { cv, groups, ...run } = options;
    const splitter = splitterOf(owner, cv ?? this.params.cv, blank, true);
    requireTarget(owner, y);
    const trial = await openTrialData(owner, splitter, X, y, groups, run).catch(async (error: unknown) => {
      // What a splitter complains of may come from rows that no fit would take: those are named by partition and row.
      if (error instanceof DataError) (await openClasses(owner, X, y, classWeight, run))[Symbol.dispose]();
      throw error;
    });
    try {
      const foldOf = foldsOf(owner, trial.splits);
      const folds = trial.splits.length;
      const inner: FitOptions = {
        ...trial.run,
        ...(trial.sampleWeight ? { sampleWeight: trial.sampleWeight as VectorInput } : {}),
      };
      using data = await openClasses(owner, trial.X as MatrixInput, trial.y as LabelInput, classWeight, inner, {
        groups: foldOf,
      });
      const { design, classes } = data;
      const ascending = Cs.map((C, c) => ({ C, c })).sort((a, b) => a.C - b.C);
      const found = new Map<number, readonly Solution[]>();
      const maxIter = this.params.maxIter ?? DEFAULT_ITERATIONS.coordinate;
      for (const [r, ratio] of ratios.entries()) {
        const { solutions } = await foldPath(data, {
          folds,
          fitIntercept,
          tol,
          maxIter,
          ...penaltyFactors(penalty, ratio),
          Cs: ascending.map(({ C }) => C),
          onC: (done) =>
            options.onProgress?.({ stage: owner, done: r * Cs.length + done, total: ratios.length * Cs.length + 1 }),
        });
        for (const [at, one] of solutions.entries()) {
          const worst = one.find((solution) => !solution.x.every(Number.isFinite));
          if (worst) await assertUsableSolution(owner, design, worst);
          found.set(r * Cs.length + (ascending[at]?.c ?? 0), one);
        }
      }
      const candidates = Array.from({ length: ratios.length * Cs.length }, (_, g) => found.get(g) ?? []);
      const failed = candidates.flat().filter((solution) => !solution.converged);
      if (failed[0])
        warnNotConverged(`LogisticRegressionCV (${failed.length} fits of folds)`, maxIter, failed[0].gradientNorm);
      const scores = new Float64Array(candidates.length * folds);
      for (const [g, solutions] of candidates.entries()) {
        const own =
          scoring === "accuracy"
            ? await accuracies(owner, data, solutions)
            : await this.#scores(owner, trial, data, solutions, scorers);
        scores.set(own, g * folds);
      }
      const mean = (g: number): number =>
        scores.subarray(g * folds, (g + 1) * folds).reduce((a, b) => a + b, 0) / folds;
      const bestOf = (score: (g: number) => number): number => {
        let best = 0;
        for (let g = 1; g < candidates.length; g++) if (score(g) > score(best)) best = g;
        return best;
      };
      const best = bestOf(mean);
      const own = Array.from({ length: folds }, (_, f) => (refit ? best : bestOf((g) => scores[g * folds + f] ?? 0)));
      const chosen = own.map((g, f) => candidates[g]?.[f] as Solution);
      const start = meanOf(chosen.map((solution) => solution.x));
      const share = (values: readonly number[], at: (g: number) => number): number =>
        own.reduce((sum, g) => sum + (values[at(g)] ?? 0) / folds, 0);
      const C = refit ? (Cs[best % Cs.length] ?? 1) : share(Cs, (g) => g % Cs.length);
      const l1Ratio = refit
        ? (ratios[Math.floor(best / Cs.length)] ?? 0)
        : share(ratios, (g) => Math.floor(g / Cs.length));
      let solution: Solution;
      let explanation: SolverExplanation;
      if (refit) {
        const question = { owner, penalty, layout: design.layout, solver: "auto", rows: data.rows } as const;
        const choice = chooseSolver({ ...question, classes: classes.length, columns: design.nFeatures });
        const most = this.params.maxIter ?? DEFAULT_ITERATIONS[choice.solver];
        const { solver } = choice;
        solution = await fitLogistic(data, { C, penalty, l1Ratio, fitIntercept, tol, maxIter: most, solver, start });
        await assertUsableSolution(owner, design, solution);
        if (!solution.converged) warnNotConverged("LogisticRegressionCV", most, solution.gradientNorm);
        explanation = {
          solver,
          reason: `Folds by proximal Newton steps side by side, then all rows by this solver. ${choice.why}`,
          passes: undefined,
        };
      } else {
        const iterations = Math.max(...chosen.map((one) => one.iterations));
        const converged = chosen.every((one) => one.converged);
        const value = chosen.reduce((sum, one) => sum + one.value / folds, 0);
        const gradientNorm = Math.max(...chosen.map((one) => one.gradientNorm));
        solution = { x: start, value, gradientNorm, iterations, converged, evaluations: 0 };
        explanation = {
          solver: "folds",
          reason: "The mean of the folds' coefficients, each at its own best penalty, without a fit on all rows.",
          passes: undefined,
        };
      }
      const total = ratios.length * Cs.length + 1;
      options.onProgress?.({ stage: owner, done: total, total });
      this.setState({
        ...stateOf(data, solution, fitIntercept),
        explanation,
        C,
        l1Ratio,
        Cs: Float64Array.from(Cs),
        l1Ratios: Float64Array.from(ratios),
        folds,
        scores,
      });
      return this;
    } finally {
      trial.release();
    }
  }

  /** The solver of the fit on all rows and why; passes are not counted over folds and penalties. */
  explain(): SolverExplanation {
    return this.state.explanation;
  }

  /** The C that was chosen. */
  get C(): number {
    return this.state.C;
  }

  /** The share of |coef|₁ that was chosen; 0 for an L2 penalty, 1 for L1. */
  get l1Ratio(): number {
    return this.state.l1Ratio;
  }

  /** The grid of C. */
  get Cs(): Float64Array {
    return this.state.Cs;
  }

  /** Score of each share of |coef|₁, C and fold: `(l1Ratios x Cs x folds)`, folds fastest. */
  get scores(): Float64Array {
    return this.state.scores;
  }

  /** Shares of |coef|₁ to choose from. @throws ParameterError unless they are given exactly where they are used */
  #l1Ratios(owner: string): readonly number[] {
    const { penalty, l1Ratios } = this.params;
    if (penalty === "elasticnet" && l1Ratios === null)
      throw new ParameterError(`${owner}: penalty "elasticnet" needs l1Ratios. Pass l1Ratios: [0.1, 0.5, 0.9], say.`);
    if (penalty !== "elasticnet" && l1Ratios !== null)
      throw new ParameterError(
        `${owner}: l1Ratios have no effect with penalty ${JSON.stringify(penalty)}. Pass penalty: "elasticnet", or leave them out.`,
      );
    return l1Ratios ?? [penalty === "l1" ? 1 : 0];
  }

  /** Scores of the folds' models on their test rows. */
  async #scores(
    owner: string,
    trial: TrialData,
    data: ClassDesign,
    solutions: readonly Solution[],
    scorers: ReturnType<typeof scorersOf>,
  ): Promise<number[]> {
    const { fitIntercept } = this.params;
    const out: number[] = [];
    for (const [f, { test }] of trial.splits.entries()) {
      const model = new FoldModel(stateOf(data, solutions[f] as Solution, fitIntercept));
      const weight = trial.sampleWeight ? { sampleWeight: test.take(trial.sampleWeight) as VectorInput } : {};
      const X = test.take(trial.X) as typeof trial.X;
      const y = test.take(trial.y as Splittable) as LabelInput;
      const scored = await scoreModel(owner, model as unknown as TrialEstimator, X, y, scorers, {
        ...trial.run,
        ...weight,
      });
      out.push(scored["score"] ?? NaN);
    }
    return out;
  }
}

registerEstimator("LogisticRegressionCV", LogisticRegressionCV);

/** A model of one fold, for scorers. */
class FoldModel extends LogisticRegression {
  constructor(state: Omit<LogisticState, "explanation">) {
    super();
    this.setState({ ...state, explanation: { solver: "folds", reason: "", passes: undefined } });
  }
}

async function accuracies(owner: string, data: ClassDesign, solutions: readonly Solution[]): Promise<number[]> {
  const { design, factors } = data;
  const coefs = solutions.map((solution) => solution.x);
  const sums = await design.reduce<Float64Array>(
    FOLD_ACCURACY,
    { owner, names: design.names, coefs, factors: factors ?? null },
    addVectors,
    false,
  );
  return coefs.map((_, f) => {
    const weight = sums[coefs.length + f] ?? 0;
    if (!(weight > 0))
      throw new FitError(`${owner}: all sample weights of fold ${f} are zero. Drop such rows or pass a smaller cv.`);
    return (sums[f] ?? 0) / weight;
  });
}

function gridOf(Cs: number | readonly number[]): readonly number[] {
  if (typeof Cs !== "number") return Cs;
  return Array.from({ length: Cs }, (_, k) => 10 ** (Cs === 1 ? -4 : -4 + (8 * k) / (Cs - 1)));
}

/** The fold in which each row is tested, -1 for none. @throws DataError unless training rows are all others */
function foldsOf(owner: string, splits: readonly Split[]): Float64Array {
  const rows = splits[0]?.test.rows ?? 0;
  const foldOf = new Float64Array(rows).fill(-1);
  splits.forEach(({ train, test }, fold) => {
    for (const row of test.toIndices()) {
      if (foldOf[row] !== -1)
        throw new DataError(
          `${owner}: row ${row} is tested in folds ${foldOf[row]} and ${fold}. Use a splitter that tests each row once, or GridSearchCV.`,
        );
      foldOf[row] = fold;
    }
    if (train.size + test.size !== rows)
      throw new DataError(
        `${owner}: fold ${fold} trains on ${train.size} of the ${rows - test.size} rows that it does not test. Use a splitter that trains on all of them, or GridSearchCV.`,
      );
  });
  return foldOf;
}
