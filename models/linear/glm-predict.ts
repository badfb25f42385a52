import type { Plain } from "../../src/base/plain.js";
import { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { TaskPlan } from "../../src/collections/plan.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForNumbers } from "../../src/estimator/apply.js";
import { rowVectorNames } from "../../src/estimator/design-tasks.js";
import type { RowVectors } from "../../src/estimator/design.js";
import { toVector, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import type { Composition } from "../../src/numeric/glm/composed-steps.js";
import type { GlmMeanArgs } from "./glm-predict-tasks.js";
import type { LinearState } from "./linear-model.js";

const MEAN = fnRef(new URL("./glm-predict-tasks.js", import.meta.url).href, "glmMeanStep");

/** The means of rows with their offsets: lazy for distributed X, computed for local X. */
export function predictedMeans(
  owner: string,
  X: MatrixInput,
  state: LinearState,
  composition: Composition,
  vectors: RowVectors,
): DistributedArray | Promise<Float64Array> {
  const { coef, intercept, featureNames } = state;
  return applyForNumbers(owner, X, state, (x) => {
    const named = rowVectorNames.filter((name) => vectors[name] !== undefined);
    const more = named.map((name) => toVector(owner, name, vectors[name] as VectorInput, x));
    const args: GlmMeanArgs = {
      owner,
      names: featureNames ?? x.names,
      coef,
      intercept,
      composition,
      vectors: named,
    };
    const inputs = [x.plan, ...more.map((array) => array.plan)];
    const plan = new TaskPlan({
      label: owner,
      partitions: x.partitions,
      inputs,
      task: (index) => ({
        fn: MEAN,
        args: args as unknown as Plain,
        inputs: inputs.map((input) => ({ plan: input, index })),
      }),
    });
    return new DistributedArray({ plan, dtype: "f64", innerShape: [], partitionRows: x.partitionRows });
  });
}
