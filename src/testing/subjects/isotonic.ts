import { IsotonicRegression } from "../../../models/isotonic/isotonic-regression.js";
import { SelectKBest } from "../../../preprocessing/select-k-best.js";
import { makePipeline, Pipeline, type PipelineParams } from "../../compose/pipeline.js";
import type { TestSubject } from "../subject.js";

// The checks' rows have several columns, of which it takes one.
const ofOneColumn = (): Pipeline =>
  makePipeline(
    new SelectKBest({ scoreFunc: "fRegression", k: 1 }),
    new IsotonicRegression({ outOfBounds: "clip", increasing: "auto" }),
  );

export const isotonicSubjects: readonly TestSubject[] = [
  {
    name: "Pipeline of one column and IsotonicRegression",
    make: ofOneColumn,
    makeWith: (params) => new Pipeline({ ...ofOneColumn().getParams(), ...params } as PipelineParams),
    fromJSON: (json) => Pipeline.fromJSON(json),
    task: "regressor",
    solution: "closed form",
    attributes: [],
    outputs: ["predict"],
    weights: true,
    nan: "refused",
    anyRowOrder: true,
    // A pipeline opens the rows of each of its steps.
    onePass: false,
    skip: [
      {
        check: "a NaN or infinity in X is named by column, partition and row",
        reason: "predictions read the one column that was selected: a NaN in another is none of theirs",
      },
    ],
  },
];
