import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";
import type { WeighArgs } from "./text-tasks.js";

/** Parameters of term frequency × inverse document frequency. */
export interface TfidfWeights {
  norm: null | "l1" | "l2";
  useIdf: boolean;
  smoothIdf: boolean;
  sublinearTf: boolean;
}

/** The parameter `norm`. */
export function normParam(z: ZodNamespace): Zod.ZodType {
  return z
    .union([z.literal("l2"), z.literal("l1"), z.null()])
    .default("l2")
    .describe('what each row is divided by: √Σx² ("l2"), Σ|x| ("l1"), or nothing');
}

/** The shared part of the parameter tables. */
export function tfidfParams(z: ZodNamespace): Record<keyof TfidfWeights, Zod.ZodType> {
  return {
    norm: normParam(z),
    useIdf: z.boolean().default(true).describe("weigh terms by how few documents have them"),
    smoothIdf: z.boolean().default(true).describe("count as if one more document had every term"),
    sublinearTf: z.boolean().default(false).describe("1 + log(count) in place of counts"),
  };
}

/** log(n / df) + 1, with one more document that has every term where `smooth`. */
export function inverseFrequencies(documents: Float64Array, weight: number, smooth: boolean): Float64Array {
  const more = smooth ? 1 : 0;
  return documents.map((own) => Math.log((weight + more) / (own + more)) + 1);
}

/** What becomes of counts. */
export function weighArgs(weights: Readonly<TfidfWeights>, idf: Float64Array): WeighArgs {
  return { sublinear: weights.sublinearTf, scale: weights.useIdf ? idf : null, norm: weights.norm };
}
