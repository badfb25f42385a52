import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";

/** Parameters of hashing. */
export interface HashParams {
  nFeatures: number;
  alternateSign: boolean;
}

/** The shared part of the parameter tables. */
export function hashParams(z: ZodNamespace): Record<keyof HashParams, Zod.ZodType> {
  return {
    nFeatures: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .default(2 ** 20)
      .describe("columns; the fewer, the more terms share one"),
    alternateSign: z
      .boolean()
      .default(true)
      .describe("count −1 where the hash is negative, so that terms of one column cancel"),
  };
}
