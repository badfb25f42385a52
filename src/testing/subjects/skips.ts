import type { SkippedCheck } from "../subject.js";

const reason = "fit reads no rows: what is wrong with them is said when they are transformed";
/** Checks that do not apply to transformers whose fit only records the columns. */
export const READS_NOTHING: readonly SkippedCheck[] = [
  { check: "a NaN or infinity in X is named by column, partition and row", reason },
  { check: "no rows and no columns are refused", reason },
  { check: "a failed fit leaves the previous model", reason },
  { check: "an abort stops the fit, leaves the previous model and frees memory", reason },
];
