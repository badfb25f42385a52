import type { ParamInfo } from "../base/params.js";
import type { FitOptions } from "../estimator/design.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import type { LabelInput, MatrixInput, VectorInput } from "../estimator/inputs.js";

/** An estimator as the checks see it. Every class that extends `Estimator` has this shape. */
export interface CheckedEstimator {
  readonly kind: string;
  readonly isFitted: boolean;
  readonly nFeatures: number;
  readonly featureNames: readonly string[] | undefined;
  readonly table: { describe(): ParamInfo[] };
  fit(X: MatrixInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<unknown>;
  getParams(): object;
  setParams(params: Record<string, unknown>): unknown;
  clone(): CheckedEstimator;
  toJSON(): EstimatorJson;
  partialFit?(X: MatrixInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<unknown>;
  predict?(X: MatrixInput): unknown;
  predictProba?(X: MatrixInput): unknown;
  decisionFunction?(X: MatrixInput): unknown;
  transform?(X: MatrixInput): unknown;
  inverseTransform?(X: MatrixInput): unknown;
  score?(X: MatrixInput, y: VectorInput | LabelInput, options?: FitOptions): Promise<number>;
}

/** The methods that turn rows into something. */
export type OutputMethod = "predict" | "predictProba" | "decisionFunction" | "transform";

/** A check that an estimator does not pass, and why. */
export interface SkippedCheck {
  /** The check's name, as {@link NamedCheck} has it. */
  readonly check: string;
  readonly reason: string;
}

/** An estimator to test: how it is made, and what it promises. */
export interface TestSubject {
  /** For test names: the class, with what is special about this one. */
  readonly name: string;
  /** A new, unfitted estimator with parameters that suit a few hundred rows. */
  make(): CheckedEstimator;
  /** The same with these parameters on top. @throws what the class throws for a bad or unknown parameter */
  makeWith(params: Record<string, unknown>): CheckedEstimator;
  /** The class's own `fromJSON`. */
  fromJSON(json: EstimatorJson): CheckedEstimator;
  readonly task: "transformer" | "classifier" | "regressor";
  /**
   * How the fit finds its answer: a closed form is the same for any partitioning to 1e-10, an iterative one to 1e-6, an
   * exact one (integer sums, fixed order) bit for bit.
   */
  readonly solution: "closed form" | "iterative" | "exact";
  /** Numeric attributes of the fitted estimator that are compared besides its outputs. */
  readonly attributes: readonly string[];
  /** The output methods that work; all that the class has unless given. */
  readonly outputs?: readonly OutputMethod[];
  /** Whether `fit` takes `sampleWeight`. */
  readonly weights: boolean;
  /** Parameters under which sparse X is taken; absent when it never is. */
  readonly sparse?: Readonly<Record<string, unknown>>;
  /** What `fit` does with NaN in X: refuses them, or leaves them out. Infinities are always refused. */
  readonly nan: "refused" | "left out";
  /** Whether the model is the same for any order of rows. */
  readonly anyRowOrder: boolean;
  /** Whether a usual fit is one pass over X: an abort during its last reports may then come too late. */
  readonly onePass: boolean;
  /** Rows that `fit` needs and refuses to do without (folds to leave out, say); 1 unless given. */
  readonly minRows?: number;
  /** Parameters under which fitted states merge (see the class's static `merge`), where those of `make` do not do. */
  readonly mergeable?: Readonly<Record<string, unknown>>;
  /** What a regressor's targets or a classifier's labels are; any numbers, or two classes, unless given. */
  readonly target?: "positive" | "three classes";
  /** What `score` of a regressor is; R² unless given. */
  readonly score?: "explained deviance";
  /** Checks that are known not to pass. A skipped check that passes is an error: take it off the list. */
  readonly skip?: readonly SkippedCheck[];
}

/** One check of one subject. */
export interface NamedCheck {
  readonly name: string;
  /** Resolves when the subject keeps the promise. @throws Error that says what was expected and what came */
  run(): Promise<void>;
}

/** A check as the suites list it. */
export interface CheckEntry {
  readonly name: string;
  /** Whether it applies; to all subjects unless given. */
  readonly when?: (subject: TestSubject) => boolean;
  readonly run: (subject: TestSubject) => Promise<void>;
}
