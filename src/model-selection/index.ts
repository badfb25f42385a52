export { trainTestSplit, type SplitOf, type SplitOptions, type Splittable } from "./train-test-split.js";
