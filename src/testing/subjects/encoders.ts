import { BlockTransformer } from "../../../preprocessing/block-transformer.js";
import { Categorizer } from "../../../preprocessing/categorizer.js";
import { DateFeatures } from "../../../preprocessing/date-features.js";
import { DummyEncoder } from "../../../preprocessing/dummy-encoder.js";
import { FrequencyEncoder } from "../../../preprocessing/frequency-encoder.js";
import { GroupedImputer } from "../../../preprocessing/grouped-imputer.js";
import { OneHotEncoder } from "../../../preprocessing/one-hot-encoder.js";
import { OrdinalEncoder } from "../../../preprocessing/ordinal-encoder.js";
import { TargetEncoder } from "../../../preprocessing/target-encoder.js";
import { DOUBLED_BLOCK } from "../check-functions.js";
import type { SkippedCheck, TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";
import { READS_NOTHING } from "./skips.js";

const encoder = {
  task: "transformer",
  solution: "exact",
  attributes: [],
  weights: true,
  nan: "left out",
  anyRowOrder: true,
  onePass: true,
} as const;

const reason = "columns that are passed on are not looked at";
const PASSED_ON: readonly SkippedCheck[] = [
  { check: "a NaN or infinity in X is named by column, partition and row", reason },
  { check: "a failed fit leaves the previous model", reason },
];
const ONE_COLUMN: SkippedCheck = {
  check: "one row, one column and constant columns work",
  reason: "the only column makes the groups, and none is left to fill in",
};

const LAZY = "outputs of distributed rows stay lazy";
const ROWS_UNKNOWN: SkippedCheck = { check: LAZY, reason: "its function may return another number of rows" };
const AS_THEY_ARE: SkippedCheck = { check: LAZY, reason: "columns of numbers are passed on without any work" };

export const encoderSubjects: readonly TestSubject[] = [
  subjectOf(
    BlockTransformer,
    { func: DOUBLED_BLOCK },
    { ...encoder, weights: false, skip: [...READS_NOTHING, ROWS_UNKNOWN] },
  ),
  // Columns of numbers pass through it; its own tests have text.
  subjectOf(Categorizer, {}, { ...encoder, weights: false, skip: [...READS_NOTHING, AS_THEY_ARE] }),
  subjectOf(
    OneHotEncoder,
    { sparseOutput: false, handleUnknown: "ignore" },
    { ...encoder, attributes: ["width", "outputDensity"] },
  ),
  subjectOf(OrdinalEncoder, { handleUnknown: "use_encoded_value", unknownValue: -1 }, encoder),
  subjectOf(FrequencyEncoder, {}, encoder),
  subjectOf(
    DummyEncoder,
    { columns: [0], handleUnknown: "ignore" },
    { ...encoder, attributes: ["width"], skip: PASSED_ON },
  ),
  subjectOf(
    GroupedImputer,
    { by: [0] },
    { ...encoder, solution: "closed form", attributes: ["statistics"], skip: [ONE_COLUMN] },
  ),
  subjectOf(TargetEncoder, {}, { ...encoder, solution: "closed form", attributes: ["targetMean"] }),
  // It learns nothing that a weight could change.
  subjectOf(DateFeatures, { features: ["year", "hour", "second"] }, { ...encoder, weights: false }),
];
