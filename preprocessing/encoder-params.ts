import type * as Zod from "zod";
import type { ZodNamespace } from "../src/base/params.js";

/** The parameter `categories` of encoders. */
export function categoryListsParam(z: ZodNamespace): Zod.ZodType {
  const category = z.union([z.string(), z.number(), z.nan(), z.boolean(), z.null()]);
  return z
    .union([z.literal("auto"), z.array(z.array(category).min(1)).min(1)])
    .default("auto")
    .describe("the categories of each column in their order, or what fit finds");
}
