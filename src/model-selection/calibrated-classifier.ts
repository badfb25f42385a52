import { DataError, NotFittedError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import { stackParts } from "../compose/stack-parts.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator, type EstimatorJson } from "../estimator/estimator.js";
import { fittedColumns } from "../estimator/fitted-columns.js";
import { requireTarget, toVector } from "../estimator/inputs.js";
import type { Label } from "../estimator/labels.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import { assertNotEmpty, shapeOf, toRows, type Rows, type TableInput } from "../estimator/table.js";
import type { CalibratedMember, Calibrator } from "./calibration-steps.js";
import { fitCalibrators, type CalibrationMethod, type HeldOutScores } from "./calibrators.js";
import {
  calibrationTask,
  classesOf,
  ClassifierWrapper,
  finished,
  responseOf,
  type WrapperState,
} from "./classifier-wrapper.js";
import { rowOptionsOf } from "./fold-side.js";
import type { RowSelection } from "./row-selection.js";
import { codesOf } from "./scoring.js";
import { StratifiedKFold } from "./stratified-k-fold.js";
import { openTrialData, type TrialData } from "./trial-data.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";

/** Parameters of {@link CalibratedClassifierCV}. */
export interface CalibratedClassifierCVParams {
  estimator: AnyEstimator;
  method: CalibrationMethod;
  cv: number | "prefit";
  ensemble: boolean;
}

/** A fitted model with its calibrators. */
export interface CalibratedModel extends CalibratedMember {
  readonly estimator: AnyEstimator;
}

interface CalibratedState extends WrapperState {
  readonly members: readonly CalibratedModel[];
}

const TABLE = new ParamTable<CalibratedClassifierCVParams>("CalibratedClassifierCV", (z) =>
  z.object({
    estimator: z
      .custom((value) => value instanceof Estimator, "must be an estimator")
      .describe("the classifier whose scores become probabilities, or a pipeline"),
    method: z
      .enum(["sigmoid", "isotonic", "temperature"])
      .default("sigmoid")
      .describe("Platt's sigmoid, an ascending step function, or one factor of all logits"),
    cv: z
      .union([z.int().min(2), z.literal("prefit")])
      .default(5)
      .describe('stratified folds; "prefit": the estimator is fitted already, and all rows calibrate it'),
    ensemble: z
      .boolean()
      .default(true)
      .describe("one calibrated model a fold, averaged; false: one model of all rows, calibrated by held-out scores"),
  }),
);

/**
 * Probabilities that mean what they say: maps a classifier's scores on rows that it was not fitted to onto the share of
 * rows that are of the class.
 *
 * "sigmoid" is Platt's (1999), with his targets; "isotonic" the ascending function nearest by squares (Zadrozny and Elkan
 * 2002), exact by pool adjacent violators on the merged distinct scores; "temperature" one factor of the logits with the
 * least log loss (Guo et al. 2017). More than two classes are calibrated each against the others, and the results divided
 * by their sum; temperature treats all at once. Scores are `decisionFunction`, or probabilities where there is none.
 *
 * X and y are read once and kept for the fit; each fold is a mask of rows. Per fold and class one pass over the held-out
 * rows, of which distinct scores (24 bytes each) come to the driver; a temperature of several classes takes a pass an
 * iteration. Sample weights go to fits and calibrations.
 *
 * Differs from scikit-learn: `cv` is a number of stratified folds or "prefit"; the sigmoid goes to the optimum of its loss;
 * `ensemble` is true unless given.
 *
 * @example
 * ```ts
 * const model = new CalibratedClassifierCV({ estimator: new LinearSVC(), method: "isotonic", cv: 3 });
 * await model.fit(X, y);
 * model.predictProba(X);
 * ```
 */
export class CalibratedClassifierCV extends ClassifierWrapper<CalibratedClassifierCVParams, CalibratedState> {
  static readonly table = TABLE;

  /** @throws ParameterError for an estimator that has neither decisionFunction nor predictProba */
  constructor(params: Pick<CalibratedClassifierCVParams, "estimator"> & Partial<CalibratedClassifierCVParams>) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): CalibratedClassifierCV {
    const { estimator } = (json.params ?? {}) as { estimator?: EstimatorJson };
    if (json.kind !== "CalibratedClassifierCV" || !estimator)
      throw new DataError(`CalibratedClassifierCV: the JSON holds a ${show(json.kind)}. Load it with that class.`);
    return new CalibratedClassifierCV({ estimator: estimatorFromJSON(estimator) }).restore(json);
  }

  /**
   * @throws NotFittedError for "prefit" with an estimator that is not fitted; DataError for a class with fewer rows than
   *   folds, and what the estimator throws
   */
  async fit(X: TableInput, y?: TargetInput, options: FitOptions = {}): Promise<this> {
    const owner = "CalibratedClassifierCV.fit";
    requireTarget(owner, y);
    const { estimator, method, cv, ensemble } = this.params;
    if (cv === "prefit" && !estimator.isFitted)
      throw new NotFittedError(`${owner}: cv is "prefit", but the ${estimator.kind} is not fitted. Fit it first.`);
    const given = toRows(owner, X);
    assertNotEmpty(owner, { width: shapeOf(given).width, rows: given.rows });
    const splitter = cv === "prefit" ? [] : new StratifiedKFold({ nSplits: cv });
    const data = await openTrialData(owner, splitter, given, y, undefined, options);
    const kept: DistributedArray[] = [];
    try {
      const heldOut = async (model: AnyEstimator, test: RowSelection | undefined): Promise<HeldOutScores> => {
        const part = await scoresOf(owner, model, data, test);
        kept.push(part.scores);
        return part;
      };
      const calibrated = async (model: AnyEstimator, parts: readonly HeldOutScores[]): Promise<CalibratedModel> => {
        const classes = classesOf(owner, model).length;
        const calibrators = await fitCalibrators(owner, method, classes, parts, data.run);
        return { estimator: model, proba: parts[0]?.proba === true, calibrators };
      };
      const members: CalibratedModel[] = [];
      const parts: HeldOutScores[] = [];
      if (cv === "prefit") members.push(await calibrated(estimator, [await heldOut(estimator, undefined)]));
      for (const [k, { train, test }] of data.splits.entries()) {
        const model = await fitted(estimator, data, train);
        const part = await heldOut(model, test);
        if (ensemble) members.push(await calibrated(model, [part]));
        else parts.push(part);
        options.onProgress?.({ stage: owner, done: k + 1, total: data.splits.length + (ensemble ? 0 : 1) });
      }
      if (parts.length > 0) members.push(await calibrated(await fitted(estimator, data, undefined), parts));
      const classes = classesOf(owner, (members[0] as CalibratedModel).estimator);
      const { width, names } = shapeOf(data.X);
      this.setState({ ...fittedColumns(width, names), classes, members });
      return this;
    } finally {
      for (const scores of kept) scores.release();
      data.release();
    }
  }

  /** The fitted models with their calibrators: one a fold, or one. */
  get calibratedClassifiers(): readonly CalibratedModel[] {
    return this.state.members;
  }

  /** One column a class; the mean of the calibrated models. Lazy for distributed X. */
  predictProba(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    return finished(X, this.#proba(this.rowsOf("predictProba", X)));
  }

  protected get isPrefit(): boolean {
    return this.params.cv === "prefit";
  }

  protected predictRows(rows: Rows): DistributedArray {
    const labels = this.codes;
    return this.#proba(rows).mapChunks(
      `${this.kind}.predict`,
      calibrationTask("largestStep"),
      { labels },
      { innerShape: [] },
    );
  }

  #proba(rows: Rows): DistributedArray {
    const owner = `${this.kind}.predictProba`;
    const { members, classes } = this.state;
    const parts = members.map(({ estimator, proba }, m) => {
      const { scores } = responseOf(owner, estimator, rows, proba ? "predictProba" : "decisionFunction");
      return { name: `model ${m}`, array: new DistributedArray({ ...scores, innerShape: [scores.width] }) };
    });
    const names = parts.flatMap(({ array }, m) => Array.from({ length: array.width }, (_, k) => `${m}_${k}`));
    return stackParts(owner, parts, names, false).mapChunks(
      owner,
      calibrationTask("calibrateStep"),
      {
        classes: classes.length,
        members: members.map(({ proba, calibrators }) => ({ proba, calibrators: [...calibrators] })),
      } as never,
      { innerShape: [classes.length], names: classes.map(String) },
    );
  }

  protected override encodeFitted(state: Readonly<CalibratedState>): unknown {
    return { ...state, members: state.members.map((one) => ({ ...one, estimator: one.estimator.toPlain() })) };
  }

  protected override decodeFitted(plain: PlainRecord): CalibratedState {
    const members = (plain["members"] ?? []) as unknown as {
      estimator: EstimatorJson;
      proba: boolean;
      calibrators: Calibrator[];
    }[];
    return {
      ...(plain as unknown as CalibratedState),
      members: members.map((one) => ({ ...one, estimator: estimatorFromJSON(one.estimator) })),
    };
  }
}

registerEstimator("CalibratedClassifierCV", CalibratedClassifierCV);

/** A clone fitted to some rows; to all unless given. */
export async function fitted(
  estimator: AnyEstimator,
  data: TrialData,
  rows: RowSelection | undefined,
): Promise<AnyEstimator> {
  const model = estimator.clone();
  const X = (rows ? rows.take(data.X) : data.X) as Rows;
  const y = (rows && data.y !== undefined ? rows.take(data.y) : data.y) as TargetInput;
  await (model as unknown as TrialEstimator).fit(X, y, { ...data.run, ...rowOptionsOf(data, rows) });
  return model;
}

/** What a model says of some rows, held, with their labels by position. The caller releases the scores. */
export async function scoresOf(
  owner: string,
  model: AnyEstimator,
  data: TrialData,
  rows: RowSelection | undefined,
  method: "auto" | "decisionFunction" | "predictProba" = "auto",
): Promise<HeldOutScores> {
  const X = (rows ? rows.take(data.X) : data.X) as Rows;
  const y = (rows && data.y !== undefined ? rows.take(data.y) : data.y) as TargetInput;
  const { scores, proba } = responseOf(owner, model, X, method);
  const classes: readonly Label[] = classesOf(owner, model);
  const codes = await codesOf(owner, y, X, classes, data.run);
  const { sampleWeight } = rowOptionsOf(data, rows);
  const weight = sampleWeight === undefined ? undefined : toVector(owner, "sampleWeight", sampleWeight as never, X);
  return { scores: await scores.persist(data.run), proba, codes, sampleWeight: weight };
}
