import type { FitOptions } from "../estimator/design.js";
import {
  asOwnTransform,
  fitTransforming,
  isOwnTransform,
  isTransforming,
  rowsFor,
  type RowsTransform,
  type TransformingEstimator,
} from "../estimator/frame-transformer.js";
import type { LabelInput, VectorInput } from "../estimator/inputs.js";
import type { AnyEstimator } from "../estimator/registry.js";
import type { Rows } from "../estimator/table.js";
import { holdSource } from "./held-source.js";
import type { FinalStep, PipelineStep } from "./pipeline-steps.js";
import type { FittedStep, PrefixCache } from "./prefix-cache.js";

/** What a pipeline's steps are fitted on. */
export interface StepsFit {
  readonly steps: readonly PipelineStep[];
  readonly memory: PrefixCache | null;
  /** Rows as the first step takes them. */
  readonly X: Rows;
  readonly y: LabelInput | VectorInput | undefined;
  readonly options: FitOptions;
  /** X as the caller gave it, and the columns that the first step needs where an engine holds them. */
  readonly data: { readonly X: unknown; readonly held?: Rows };
  /** More options of the last step, which hold rows that the transforms before it have to change. */
  lastOptions(transforms: readonly RowsTransform[]): Record<string, unknown>;
}

/** Fitted clones of the steps, and how rows go through those that transform: narrowed to what the first needs, and whole. */
export interface FittedSteps {
  readonly fitted: readonly (AnyEstimator | "passthrough")[];
  readonly narrow: readonly RowsTransform[];
  readonly whole: readonly RowsTransform[];
}

/** Fits clones of a pipeline's steps, each on the rows that the steps before it return. */
export async function fitSteps(given: StepsFit): Promise<FittedSteps> {
  const { steps, memory, X, y, options, data } = given;
  const owner = "Pipeline.fit";
  const fitted = steps.map(([, estimator], i) => {
    if (estimator === "passthrough") return estimator;
    const copy = estimator.clone();
    const { warmStart } = estimator.getParams() as { readonly warmStart?: boolean };
    // The last step goes on from its own model, as it would without the pipeline.
    if (warmStart === true && i === steps.length - 1 && estimator.isFitted) copy.adopt(estimator);
    return copy;
  });
  const working = fitted.filter((estimator) => estimator !== "passthrough");
  const keys = memory
    ? await memory.keys(working.slice(0, -1) as TransformingEstimator[], { ...data, y, ...weightOf(options) }, options)
    : [];
  const narrow: RowsTransform[] = [];
  const whole: RowsTransform[] = [];
  let rows = X;
  // What is known already comes first, lazily; only the rest has passes to make.
  for (const key of keys) {
    const known = await memory?.find(key);
    if (!known) break;
    (working[whole.length] as AnyEstimator).adopt(known.estimator);
    rows = known.whole(rows);
    narrow.push(known.whole);
    whole.push(known.whole);
  }
  const rest = working.slice(whole.length);
  const [first] = rest;
  const narrowing = isTransforming(first) ? first.narrow?.(rows) : undefined;
  const held = whole.length === 0 ? data.held : undefined;
  const source = await holdSource(owner, held ?? narrowing?.rows ?? rows, y, options, rest.length);
  try {
    rows = source.X;
    const own = { ...options, ...source.options };
    for (const estimator of rest) {
      if (!isTransforming(estimator)) {
        const final = { ...own, ...given.lastOptions(whole) };
        await (estimator as unknown as FinalStep).fit(rowsFor(owner, estimator, rows), source.y, final);
        continue;
      }
      const through = rows;
      const fitStep = async (): Promise<FittedStep> => {
        if (estimator === first && narrowing)
          return { estimator, ...(await narrowing.fitRows(through, source.y, own)) };
        const transform = await fitTransforming(owner, estimator, through, source.y, own);
        return { estimator, narrow: transform, whole: transform };
      };
      const key = keys[whole.length];
      const done = key === undefined || !memory ? await fitStep() : await memory.fit(key, fitStep);
      rows = done.narrow(rows);
      narrow.push(done.narrow);
      whole.push(done.whole);
    }
    return { fitted, narrow, whole };
  } finally {
    source.release();
  }
}

/** One transform after another; marked as an own one where all are. */
export function chained(transforms: readonly RowsTransform[]): RowsTransform {
  const through: RowsTransform = (rows) => transforms.reduce((given, transform) => transform(given), rows);
  return transforms.every(isOwnTransform) ? asOwnTransform(through) : through;
}

function weightOf({ sampleWeight }: FitOptions): { readonly sampleWeight: unknown } {
  return { sampleWeight };
}
