import type { DType } from "../../memory/dtype.js";
import type { Plan } from "../plan.js";

/** What a distributed array is made from. */
export interface ArrayParts {
  readonly plan: Plan;
  /** Shape of one row: [] for a vector, [p] for a matrix. */
  readonly innerShape: readonly number[];
  readonly dtype: DType;
  readonly layout?: "dense" | "csr";
  /** Rows of each partition, where they are known without work. */
  readonly partitionRows?: readonly number[] | undefined;
  readonly names?: readonly string[] | undefined;
}
