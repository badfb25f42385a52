import type { ZodNamespace } from "../../src/base/params.js";
import { splitParamRules, type SplitParams } from "./split-params.js";

/** Parameters that the boosted trees share. */
export interface BoostingParams extends SplitParams {
  learningRate: number;
  maxIter: number;
  maxBins: number;
  quantizedGradients: boolean | "auto";
  subsample: number;
  sampling: "rows" | "goss";
  topRate: number;
  otherRate: number;
  dropRate: number;
  maxDrop: number;
  skipDrop: number;
  earlyStopping: boolean | "auto";
  validationFraction: number | null;
  nIterNoChange: number;
  tol: number;
  warmStart: boolean;
  randomState: number | null;
}

/** The rules of {@link BoostingParams}. */
export function boostingRules(z: ZodNamespace) {
  return {
    learningRate: z.number().positive().default(0.1).describe("what each tree's values are multiplied by"),
    maxIter: z.int().min(1).default(100).describe("most trees"),
    ...splitParamRules(z),
    maxBins: z
      .int()
      .min(2)
      .max(65_535)
      .default(255)
      .describe(
        "most bins of a column, missing values not counted; above 255 time and memory of a column grow with its bins / 254",
      ),
    quantizedGradients: z
      .union([z.boolean(), z.literal("auto")])
      .default("auto")
      .describe(
        "round derivatives at random to few bits, which is faster (LightGBM's use_quantized_grad); auto does from 65,536 rows on",
      ),
    subsample: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe("share of the rows that each round draws to grow its trees on"),
    sampling: z
      .enum(["rows", "goss"])
      .default("rows")
      .describe("rows draws with equal chances; goss takes rows of large gradients and draws of the others"),
    topRate: z.number().gt(0).lt(1).default(0.2).describe("of goss: share of the rows, by gradient, that are taken"),
    otherRate: z.number().gt(0).lt(1).default(0.1).describe("of goss: share of the rows that are drawn of the others"),
    dropRate: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("DART: chance of each round before that a round is grown without it; 0 for none"),
    maxDrop: z.int().min(1).default(50).describe("of DART: most rounds that are dropped at once"),
    skipDrop: z.number().min(0).max(1).default(0.5).describe("of DART: chance that a round drops none"),
    earlyStopping: z
      .union([z.boolean(), z.literal("auto")])
      .default("auto")
      .describe("stop when the score stalls; auto is true above 10,000 rows"),
    validationFraction: z
      .number()
      .gt(0)
      .lt(1)
      .nullable()
      .default(0.1)
      .describe("share of rows held out for the score of early stopping; null takes the training rows' score"),
    nIterNoChange: z.int().min(1).default(10).describe("trees without a better score before it stops"),
    tol: z.number().min(0).default(1e-7).describe("smallest gain of the score that counts as better"),
    warmStart: z
      .boolean()
      .default(false)
      .describe("fit goes on with the trees of the fit before, up to maxIter in all"),
    randomState: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .describe("seed of the rows held out and sampled for bins, and of drawn columns; null is 0"),
  };
}
