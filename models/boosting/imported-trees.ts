import { DataError, show } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { PlainRecord } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForLabels } from "../../src/estimator/apply-labels.js";
import { applyToRows } from "../../src/estimator/apply.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { DistributedInput, LabelInput, LocalInput, MatrixInput, VectorInput } from "../../src/estimator/inputs.js";
import type { Label } from "../../src/estimator/labels.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { r2Score } from "../../src/metrics/index.js";
import { labelAccuracy } from "../../src/metrics/label-accuracy.js";
import { foreignLinks, type ForeignLink, type ForeignTrees } from "../../src/numeric/trees/formats/foreign-trees.js";
import type { NodeWeight } from "../../src/numeric/trees/shap-paths.js";
import { applyLink, type ImportedArgs } from "./imported-tasks.js";
import { TreeModel, type PartialMargins, type TreeState } from "./tree-model.js";
import { withoutZeros } from "./zeros-missing.js";

type ImportedState = TreeState &
  Pick<ForeignTrees, "library" | "objective" | "link" | "sigmoid" | "zeroMissing"> & {
    readonly classes?: readonly Label[];
  };

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./imported-tasks.js", import.meta.url).href, name);

/** Trees of another library: the parts that classifiers and regressors share. They predict, and cannot be fitted. */
abstract class ImportedTrees extends TreeModel<Record<string, never>, ImportedState> {
  /** The library that wrote the model. */
  get library(): "XGBoost" | "LightGBM" {
    return this.state.library;
  }

  /** Its objective, as the library names it. */
  get objective(): string {
    return this.state.objective;
  }

  /** What becomes of the margins in predictions. */
  get link(): ForeignLink {
    return this.state.link;
  }

  /** What margins are multiplied by before the sigmoid; 1 but for some models of LightGBM's. */
  get sigmoid(): number {
    return this.state.sigmoid;
  }

  /** Whether zeros are missing values in some columns, as with LightGBM's `zero_as_missing`. */
  get zerosAreMissing(): boolean {
    return this.state.zeroMissing !== undefined;
  }

  /** What the trees sum to: the margin of each row, `(nRows)`, or `(nRows, outputs)` where there are several. */
  decisionFunction(X: DistributedInput): DistributedArray;
  decisionFunction(X: LocalInput): Promise<LocalMatrix>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = `${this.kind}.decisionFunction`;
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, task("importedMarginStep"), this.args(owner, x), { innerShape: this.shape }),
      (result) => result,
    );
  }

  override marginsOfRow(row: ArrayLike<number>): Float64Array {
    return super.marginsOfRow(this.#known(row));
  }

  override marginsOfRowWithin(row: ArrayLike<number>, deadlineMs: number): PartialMargins {
    return super.marginsOfRowWithin(this.#known(row), deadlineMs);
  }

  #known(row: ArrayLike<number>): ArrayLike<number> {
    return withoutZeros(this.state.zeroMissing, row);
  }

  protected override get nodeWeight(): NodeWeight {
    return this.state.library === "LightGBM" ? "count" : "cover";
  }

  protected override get zeroMissing(): Uint8Array | undefined {
    return this.state.zeroMissing;
  }

  protected get shape(): readonly number[] {
    const { outputs = 1 } = this.state.trees;
    return outputs === 1 ? [] : [outputs];
  }

  protected args(owner: string, x: DistributedArray): PlainRecord & ImportedArgs {
    const { link, sigmoid, zeroMissing } = this.state;
    return { ...this.treeArgs(owner, x), link, sigmoid, zeroMissing } as PlainRecord & ImportedArgs;
  }

  /** @internal Takes over what a reader found. */
  take(
    { library, objective, link, sigmoid, nFeatures, featureNames, trees, baselines, zeroMissing }: ForeignTrees,
    classes?: readonly Label[],
  ): this {
    this.setState({
      library,
      objective,
      link,
      sigmoid,
      nFeatures,
      ...(featureNames ? { featureNames } : {}),
      trees,
      baselines,
      ...(zeroMissing ? { zeroMissing } : {}),
      ...(classes ? { classes } : {}),
    });
    return this;
  }

  protected override decodeFitted(plain: PlainRecord): ImportedState {
    const state = super.decodeFitted(plain);
    const { link, sigmoid, zeroMissing, nFeatures } = state;
    if (
      !foreignLinks.includes(link) ||
      !(sigmoid > 0) ||
      (zeroMissing && !(zeroMissing instanceof Uint8Array && zeroMissing.length === nFeatures))
    )
      throw new DataError(`${this.kind}: the JSON has the link ${show(link)}. Load a file that toJSON() wrote.`);
    return state;
  }
}

const CLASSIFIER = new ParamTable<Record<string, never>>("ImportedTreesClassifier", (z) => z.object({}));
const REGRESSOR = new ParamTable<Record<string, never>>("ImportedTreesRegressor", (z) => z.object({}));

/**
 * A classifier that XGBoost or LightGBM trained: `fromXGBoost` and `fromLightGBM` make it. It predicts what the library
 * predicts (to the rounding of its float32 sums), scores data sets and is saved as any other model; it cannot be fitted.
 *
 * X: `(nRows, nFeatures)`, dense; NaN are missing values. Columns of categories hold their codes.
 *
 * @example
 * ```ts
 * const model = await fromXGBoost("late.json", { classes: ["on time", "late"] });
 * const late = await model.predict([[12, 340, NaN]]);
 * ```
 */
export class ImportedTreesClassifier extends ImportedTrees {
  static readonly table = CLASSIFIER;

  constructor() {
    super(CLASSIFIER, {});
  }

  static fromJSON(json: EstimatorJson): ImportedTreesClassifier {
    return new ImportedTreesClassifier().restore(json);
  }

  /** The labels, in the order of the library's classes. */
  get classes(): readonly Label[] {
    return this.state.classes ?? [];
  }

  /**
   * The most probable label of each row. Lazy for distributed X: an array of the labels where they are numbers, of their
   * positions in `classes` where they are not.
   */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]> {
    const owner = `${this.kind}.predict`;
    const { classes } = this;
    return applyForLabels(owner, X, this.state, classes, (x, labels) =>
      x.mapChunks(owner, task("importedLabelStep"), { ...this.args(owner, x), labels }, { innerShape: [] }),
    );
  }

  /**
   * Probabilities, `(nRows, classes)`. Those of LightGBM's `multiclassova` are of each class against the others, and do not
   * sum to 1, as there.
   */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = `${this.kind}.predictProba`;
    const names = this.classes.map(String);
    const pair = this.shape.length === 0;
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        x.mapChunks(
          owner,
          task("importedMeanStep"),
          { ...this.args(owner, x), pair },
          { innerShape: [names.length], names },
        ),
      (result) => result,
    );
  }

  /** Probabilities of the classes for one row, without any engine. */
  probabilitiesOfRow(row: ArrayLike<number>): Float64Array {
    const outputs = Array.from(this.marginsOfRow(row), (margin) => Float64Array.of(margin));
    applyLink(outputs, 1, this.state.link, this.state.sigmoid);
    const p = Float64Array.from(outputs, ([value]) => value as number);
    return p.length === 1 ? Float64Array.of(1 - (p[0] as number), p[0] as number) : p;
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    return labelAccuracy(this, X, y, options);
  }

  protected override decodeFitted(plain: PlainRecord): ImportedState {
    const state = super.decodeFitted(plain);
    if (!(Array.isArray(state.classes) && state.classes.length === Math.max(2, state.trees.outputs ?? 1)))
      throw new DataError(`${this.kind}: the JSON has no classes. Load a file that toJSON() wrote.`);
    return state;
  }
}

/**
 * A regressor or ranker that XGBoost or LightGBM trained: `fromXGBoost` and `fromLightGBM` make it. It predicts what the
 * library predicts (to the rounding of its float32 sums), scores data sets and is saved as any other model; it cannot be
 * fitted.
 *
 * X: `(nRows, nFeatures)`, dense; NaN are missing values. Columns of categories hold their codes.
 *
 * @example
 * ```ts
 * const model = await fromLightGBM("price.txt");
 * const price = await model.predict([[3, 120.5, NaN]]);
 * ```
 */
export class ImportedTreesRegressor extends ImportedTrees {
  static readonly table = REGRESSOR;

  constructor() {
    super(REGRESSOR, {});
  }

  static fromJSON(json: EstimatorJson): ImportedTreesRegressor {
    return new ImportedTreesRegressor().restore(json);
  }

  /** The mean (or score, or margin) of each row, `(nRows)`, or `(nRows, outputs)` where there are several. */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array | LocalMatrix>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array | LocalMatrix>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array | LocalMatrix> {
    const owner = `${this.kind}.predict`;
    const { shape } = this;
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        x.mapChunks(owner, task("importedMeanStep"), { ...this.args(owner, x), pair: false }, { innerShape: shape }),
      (result) => (shape.length === 0 ? (result.toVector() as Float64Array) : result),
    );
  }

  /** R² of the predictions. */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    const predicted = await this.predict(X);
    return (await r2Score(y, predicted as VectorInput, options)) as number;
  }
}

registerEstimator("ImportedTreesClassifier", ImportedTreesClassifier);
registerEstimator("ImportedTreesRegressor", ImportedTreesRegressor);
