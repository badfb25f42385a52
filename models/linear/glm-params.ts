import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";

/** Parameters that the generalised linear models share. */
export interface GlmParams {
  alpha: number;
  fitIntercept: boolean;
  tol: number;
  maxIter: number;
  warmStart: boolean;
}

/** Their rules; models differ in the defaults of `alpha` and `tol` alone. */
export function glmShape(z: ZodNamespace, { alpha, tol }: Pick<GlmParams, "alpha" | "tol">): Zod.ZodRawShape {
  return {
    alpha: z.number().min(0).default(alpha).describe("strength of the L2 penalty"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    tol: z
      .number()
      .positive()
      .max(0.1)
      .default(tol)
      .describe("stops when the predicted relative decrease of the objective is at most tol²"),
    maxIter: z.int().min(1).default(100).describe("most iterations over all rows"),
    warmStart: z
      .boolean()
      .default(false)
      .describe("start from the coefficients of the last fit, where it saw as many columns"),
  };
}
