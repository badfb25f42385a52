export { checkNames, estimatorChecks } from "./estimator-checks.js";
export { testSubjects } from "./registry.js";
export type { CheckedEstimator, NamedCheck, OutputMethod, SkippedCheck, TestSubject } from "./subject.js";
