import { ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator } from "../estimator/estimator.js";
import { isTransforming } from "../estimator/frame-transformer.js";
import type { LabelInput, VectorInput } from "../estimator/inputs.js";
import type { AnyEstimator } from "../estimator/registry.js";
import type { Rows } from "../estimator/table.js";
import { PrefixCache } from "./prefix-cache.js";

/** A step: its name and its estimator; "passthrough" (or null, which becomes it) leaves the rows as they are. */
export type PipelineStep = readonly [name: string, estimator: AnyEstimator | "passthrough"];

/** Parameters of {@link Pipeline}. */
export interface PipelineParams {
  steps: readonly PipelineStep[];
  memory: PrefixCache | null;
  transformInput: readonly string[];
}

/** A step as the constructor takes it. */
export type PipelineStepLike = readonly [name: string, estimator: AnyEstimator | "passthrough" | null];

/** The parameters of a pipeline. */
export const PIPELINE_TABLE = new ParamTable<PipelineParams>("Pipeline", (z) =>
  z.object({
    steps: z
      .array(
        z.tuple([
          z.string().min(1),
          z.union([
            z.literal("passthrough"),
            z.null().transform(() => "passthrough"),
            z.custom((value) => value instanceof Estimator, "must be an estimator"),
          ]),
        ]),
      )
      .min(1)
      .describe("named steps in order; all but the last are transformers"),
    memory: z
      .union([z.null(), z.custom((value) => value instanceof PrefixCache, "must be a PrefixCache")])
      .default(null)
      .describe("where fitted steps before the last are kept, so that the same ones are not fitted again"),
    transformInput: z
      .array(z.string().min(1))
      .default([])
      .describe("names of fit options that hold rows, which the last step gets as the steps before it transform them"),
  }),
);

/** What the last step can do. */
export interface FinalStep {
  fit(X: Rows, y?: LabelInput | VectorInput, options?: FitOptions): Promise<unknown>;
  predict?(X: Rows): unknown;
  predictProba?(X: Rows): unknown;
  decisionFunction?(X: Rows): unknown;
  score?(X: Rows, y: LabelInput | VectorInput, options?: FitOptions): Promise<number>;
  readonly classes?: readonly unknown[];
}

/** @throws ParameterError for a name that is there twice or has "__", or a step before the last that cannot transform */
export function checkSteps(steps: readonly PipelineStep[]): void {
  const names = new Set<string>();
  steps.forEach(([name, estimator], i) => {
    if (names.has(name))
      throw new ParameterError(`Pipeline: two steps are called ${show(name)}. Give each its own name.`);
    if (name.includes("__"))
      throw new ParameterError(
        `Pipeline: the step name ${show(name)} contains "__", which separates a step from its parameter.`,
      );
    names.add(name);
    if (i < steps.length - 1 && estimator !== "passthrough" && !isTransforming(estimator)) {
      throw new ParameterError(
        `Pipeline: step ${show(name)} (${estimator.kind}) is not the last and cannot transform. Put it last.`,
      );
    }
  });
}
