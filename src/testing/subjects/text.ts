import { LogisticRegression } from "../../../models/linear/logistic-regression.js";
import { FeatureHasher } from "../../../preprocessing/feature-hasher.js";
import { StatelessTransformer } from "../../../preprocessing/stateless.js";
import { requireFinite, type ColumnLabels } from "../../../preprocessing/column-steps.js";
import { CountVectorizer } from "../../../preprocessing/text/count-vectorizer.js";
import { HashingVectorizer } from "../../../preprocessing/text/hashing-vectorizer.js";
import { TfidfTransformer } from "../../../preprocessing/text/tfidf-transformer.js";
import { TfidfVectorizer } from "../../../preprocessing/text/tfidf-vectorizer.js";
import { ParamTable } from "../../base/params.js";
import { DistributedArray } from "../../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../../collections/frame/distributed-data-frame.js";
import { frameState } from "../../collections/frame/frame-state.js";
import { emptyFrame } from "../../collections/frame/frame-types.js";
import { LiveFrame } from "../../collections/frame/live-frame.js";
import { polars } from "../../collections/frame/polars.js";
import { TaskPlan } from "../../collections/plan.js";
import { Pipeline, type PipelineParams } from "../../compose/pipeline.js";
import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { EstimatorJson } from "../../estimator/estimator.js";
import { checkColumns, toMatrix } from "../../estimator/inputs.js";
import { registerEstimator, type AnyEstimator } from "../../estimator/registry.js";
import type { Rows } from "../../estimator/table.js";
import type { Column, MatrixChunk } from "../../memory/column.js";
import { densify } from "../../numeric/densify.js";
import type { TestSubject } from "../subject.js";
import { subjectOf } from "./of-class.js";

const TABLE = new ParamTable<object>("NumbersAsText", (z) => z.object({}));

/** Rows of numbers as documents, so that the checks, whose rows are numbers, can go through vectorizers of text. */
export class NumbersAsText extends StatelessTransformer<object> {
  constructor(params: object = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): NumbersAsText {
    return new NumbersAsText().restore(json);
  }

  /** A frame of one column of text. */
  transformRows(rows: Rows): DistributedDataFrame {
    const owner = "NumbersAsText.transform";
    const x = toMatrix(owner, rows);
    checkColumns(owner, x, this.state);
    const args = { owner, names: this.featureNames };
    const plan = TaskPlan.blockwise(x.plan, owner, fnRef(import.meta.url, "wordsStep"), args);
    return new DistributedDataFrame(
      frameState({ kind: "plan", plan }, emptyFrame({ text: "String" }, owner), x.partitionRows),
    );
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    throw new Error(`NumbersAsText makes frames of text; the array has ${x.width} columns.`);
  }
}

registerEstimator("NumbersAsText", NumbersAsText);

/** A word for each number: its column, and the number in coarse steps, so that documents share words. */
export function wordsStep(context: TaskContext, args: ColumnLabels, x: MatrixChunk): LiveFrame {
  requireFinite(context, args, x);
  const pl = polars();
  const columns = densify(context, x).columns.map((column) => context.memory.view(column as Column<"f64">));
  const documents = Array.from({ length: x.rows }, (_, i) =>
    columns
      .map((values, j) => `${"abcdef"[j]}${Math.round((values[i] as number) / [0.5, 10, 0.5][j % 3]!)}`)
      .join(" é "),
  );
  return new LiveFrame(pl.DataFrame([pl.Series("text", documents, pl.String)]));
}

type Steps = PipelineParams["steps"];

const pipelineOf = (make: () => Steps): Pick<TestSubject, "make" | "makeWith" | "fromJSON"> => {
  const params = (): PipelineParams =>
    new Pipeline({ steps: [...make(), ["model", new LogisticRegression()]] }).getParams();
  return {
    make: () => new Pipeline(params()),
    makeWith: (own) => new Pipeline({ ...params(), ...own } as PipelineParams),
    fromJSON: (json) => Pipeline.fromJSON(json),
  };
};

const classifierOf = (name: string, make: () => Steps): TestSubject => ({
  name: `Pipeline of ${name} and LogisticRegression`,
  ...pipelineOf(make),
  task: "classifier",
  solution: "iterative",
  attributes: [],
  outputs: ["predict", "predictProba", "decisionFunction"],
  weights: true,
  nan: "refused",
  anyRowOrder: true,
  onePass: false,
});

const ofText = (vectorizer: AnyEstimator): Steps => [
  ["text", new NumbersAsText()],
  ["vectorizer", vectorizer],
];

export const textSubjects: readonly TestSubject[] = [
  classifierOf("CountVectorizer", () => ofText(new CountVectorizer({ ngramRange: [1, 2] }))),
  classifierOf("TfidfVectorizer", () => ofText(new TfidfVectorizer({ sublinearTf: true }))),
  classifierOf("HashingVectorizer", () =>
    ofText(new HashingVectorizer({ nFeatures: 256, analyzer: "char_wb", ngramRange: [2, 3] })),
  ),
  {
    ...classifierOf("FeatureHasher", () => [["hasher", new FeatureHasher({ nFeatures: 64 })]]),
    nan: "left out",
  },
  subjectOf(
    TfidfTransformer,
    {},
    {
      task: "transformer",
      solution: "closed form",
      attributes: ["idf"],
      weights: true,
      sparse: {},
      nan: "refused",
      anyRowOrder: true,
      onePass: true,
    },
  ),
];
