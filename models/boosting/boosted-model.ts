import type { Design } from "../../src/estimator/design.js";
import type { Label } from "../../src/estimator/labels.js";
import type { BoostingParams } from "./boosting-params.js";
import type { BoostFit } from "./fit-boosting.js";
import { TreeModel } from "./tree-model.js";

/** Fitted state of boosted trees. */
export interface BoostedState extends BoostFit {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Of a classifier. */
  readonly classes?: readonly Label[];
}

/** What models of boosted trees have in common: what they tell of their fit. */
export abstract class BoostedModel<P extends BoostingParams> extends TreeModel<P, BoostedState> {
  /** Rounds: `maxIter`, or fewer when it stopped early; with rows held out, up to the best score. A tree an output each. */
  get nIter(): number {
    return (this.state.trees.offsets.length - 1) / this.state.baselines.length;
  }

  /** Mean loss of the training rows, negated: before the first tree, and after each that was grown. */
  get trainScore(): Float64Array {
    return this.state.trainScore;
  }

  /** The same of the rows held out; empty where there are none. */
  get validationScore(): Float64Array {
    return this.state.validationScore;
  }

  protected keep(design: Design, fit: BoostFit, classes?: readonly Label[]): void {
    this.setState({
      nFeatures: design.nFeatures,
      ...(design.names ? { featureNames: design.names } : {}),
      ...(classes ? { classes } : {}),
      ...fit,
    });
  }
}
