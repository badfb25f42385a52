import { DateFeatures } from "../../../preprocessing/date-features.js";
import { FrequencyEncoder } from "../../../preprocessing/frequency-encoder.js";
import { OneHotEncoder } from "../../../preprocessing/one-hot-encoder.js";
import { OrdinalEncoder } from "../../../preprocessing/ordinal-encoder.js";
import { TargetEncoder } from "../../../preprocessing/target-encoder.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

const encoder = {
  task: "transformer",
  solution: "exact",
  attributes: [],
  weights: true,
  nan: "left out",
  anyRowOrder: true,
  onePass: true,
} as const;

export const encoderSubjects: readonly TestSubject[] = [
  subjectOf(
    OneHotEncoder,
    { sparseOutput: false, handleUnknown: "ignore" },
    { ...encoder, attributes: ["width", "outputDensity"] },
  ),
  subjectOf(OrdinalEncoder, { handleUnknown: "use_encoded_value", unknownValue: -1 }, encoder),
  subjectOf(FrequencyEncoder, {}, encoder),
  subjectOf(TargetEncoder, {}, { ...encoder, solution: "closed form", attributes: ["targetMean"] }),
  // It learns nothing that a weight could change.
  subjectOf(DateFeatures, { features: ["year", "hour", "second"] }, { ...encoder, weights: false }),
];
