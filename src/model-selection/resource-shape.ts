import type { ZodNamespace } from "../base/params.js";

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null;

/** The parameter that says what to draw from. */
export function distributionsShape(z: ZodNamespace) {
  return {
    paramDistributions: z
      .custom(isRecord, "must be a record of lists and distributions, or a list of such records")
      .describe("what to draw from by parameter"),
  };
}

/** The parameter that lists what to try. */
export function gridShape(z: ZodNamespace) {
  return {
    paramGrid: z
      .custom(isRecord, "must be a record of lists, or a list of such records")
      .describe("values to try by parameter"),
  };
}

/** The rules of what trials spend. */
export function resourceShape(z: ZodNamespace, resource: string) {
  return {
    resource: z
      .string()
      .min(1)
      .default(resource)
      .describe(
        'what trials spend: "partialFit" calls, "seconds" in them, train rows ("nSamples"), or the name of an integer parameter',
      ),
    warmStart: z
      .boolean()
      .default(false)
      .describe("fit on from the model before, where a parameter is the resource and the estimator has a warmStart"),
    randomState: z.int().optional().describe("the seed of draws, split and order of rows"),
  };
}

/** The rules of stopping at a plateau. */
export function patienceShape(z: ZodNamespace) {
  return {
    patience: z
      .union([z.boolean(), z.int().min(2)])
      .default(false)
      .describe(
        "a trial stops when its score has not risen by tol for so much of the resource; true for a third of it",
      ),
    tol: z.number().min(0).default(1e-3).describe("the least rise that counts"),
  };
}

/** The patience that was asked for: `usual` for true, undefined for none. */
export function patienceOf(given: boolean | number, usual: number): number | undefined {
  if (typeof given === "number") return given;
  return given ? usual : undefined;
}
