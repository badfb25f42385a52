import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { labelStep } from "./predict-tasks.js";
import { bestLabelStep } from "./softmax-predict-tasks.js";

/** What {@link foldAccuracyStep} is told. */
export interface FoldAccuracyArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  /** Coefficients of each fold's model, `rows x (columns + 1)`, intercepts last. */
  readonly coefs: readonly Float64Array[];
  /** What the weights of each class were multiplied by. */
  readonly factors: Float64Array | null;
}

/** Σw of the rows of each fold that its model labels right, then Σw of the rows of each fold. */
export function foldAccuracyStep(context: TaskContext, args: FoldAccuracyArgs, design: DesignChunk): Float64Array {
  const { owner, names, coefs, factors } = args;
  const { memory } = context;
  const q = (design.x.kind === "dense" ? design.x.columns.length : design.x.cols) + 1;
  const out = new Float64Array(2 * coefs.length);
  coefs.forEach((x, fold) => {
    const k = x.length / q;
    const coef = Float64Array.from({ length: k * (q - 1) }, (_, at) => x[at + Math.floor(at / (q - 1))] ?? 0);
    const intercepts = Float64Array.from({ length: k }, (_, c) => x[c * q + q - 1] ?? 0);
    const shared = { owner, names, coef };
    const labels =
      k === 1
        ? labelStep(context, { ...shared, intercept: intercepts[0] ?? 0, labels: [0, 1] }, design.x)
        : bestLabelStep(context, { ...shared, intercepts, labels: Array.from(intercepts, (_, c) => c) }, design.x);
    const found = memory.view(labels.columns[0] as Column<"f64">);
    const truth = memory.view(design.y as Column<"f64">);
    const groups = memory.view(design.groups as Column<"f64">);
    const weights = design.w ? memory.view(design.w) : undefined;
    for (let i = 0; i < found.length; i++) {
      if (groups[i] !== fold) continue;
      const code = truth[i] ?? 0;
      const w = (weights ? (weights[i] ?? 0) : 1) / (factors ? (factors[code] ?? 1) : 1);
      out[coefs.length + fold] = (out[coefs.length + fold] ?? 0) + w;
      if (found[i] === code) out[fold] = (out[fold] ?? 0) + w;
    }
  });
  return out;
}
