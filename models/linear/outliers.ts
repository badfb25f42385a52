import { DataError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { TaskPlan } from "../../src/collections/plan.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForNumbers } from "../../src/estimator/apply.js";
import { asDoubles } from "../../src/estimator/design-tasks.js";
import { toVector, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import type { Column, DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import type { LinearState } from "./linear-model.js";
import { predictor, type LinearArgs } from "./predict-tasks.js";

/** 1 for rows whose target is further than `limit` from its prediction, else 0: lazy for distributed X. */
export function outlierFlags(
  owner: string,
  X: MatrixInput,
  y: VectorInput,
  state: LinearState,
  limit: number,
): DistributedArray | Promise<Float64Array> {
  const { coef, intercept, featureNames } = state;
  return applyForNumbers(owner, X, state, (x) => {
    const inputs = [x.plan, toVector(owner, "y", y, x).plan];
    const args: LinearArgs & { limit: number } = { owner, names: featureNames ?? x.names, coef, intercept, limit };
    const plan = new TaskPlan({
      label: owner,
      partitions: x.partitions,
      inputs,
      task: (index) => ({
        fn: fnRef(import.meta.url, "outlierStep"),
        args: args as unknown as Plain,
        inputs: inputs.map((input) => ({ plan: input, index })),
      }),
    });
    return new DistributedArray({ plan, dtype: "f64", innerShape: [], partitionRows: x.partitionRows });
  });
}

/** Flags of one partition. */
export function outlierStep(
  context: TaskContext,
  args: LinearArgs & { limit: number },
  x: MatrixChunk,
  targets: DenseChunk,
): DenseChunk<"f64"> {
  const out = predictor(context, args, x);
  const [column] = out.columns;
  if (!column) return out;
  if (targets.rows !== x.rows) {
    throw new DataError(
      `${args.owner}: X has ${x.rows} rows but y has ${targets.rows} in partition ${context.partition?.index ?? 0}. Take both from the same source, row by row.`,
    );
  }
  const y = context.memory.view(asDoubles(context, targets.columns[0] as Column));
  const values = context.memory.view(column);
  for (let i = 0; i < values.length; i++) values[i] = Math.abs((y[i] ?? 0) - (values[i] ?? 0)) > args.limit ? 1 : 0;
  return out;
}
