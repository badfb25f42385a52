import { describe, expect, it } from "vitest";
import pl from "nodejs-polars";
import {
  GaussianNB,
  HistGradientBoostingClassifier,
  LogisticRegression,
  RandomForestClassifier,
} from "#models/index.js";
import {
  CountVectorizer,
  FeatureHasher,
  GroupedImputer,
  HashingVectorizer,
  KBinsDiscretizer,
  OneHotEncoder,
  OrdinalEncoder,
  QuantileTransformer,
  SimpleImputer,
  SplineTransformer,
  TfidfTransformer,
  TfidfVectorizer,
  FrequencyEncoder,
} from "#preprocessing/index.js";
import {
  ColumnTransformer,
  type DistributedArray,
  DistributedDataFrame,
  LocalMatrix,
  makePipeline,
  rowScorer,
} from "#src/index.js";
import { GridSearchCV } from "#src/model-selection/index.js";
import { toMatrix } from "#src/estimator/inputs.js";
import { rowProgram, rowTools } from "#src/inference/row-program.js";
import { loadProgram, placeholderArray, recordProgram } from "#src/inference/program.js";
import { callOutput, usualOutputs, type ScoreOutput } from "#src/inference/record-model.js";
import { Memory } from "#src/memory/memory.js";
import type { AnyEstimator } from "#src/estimator/registry.js";
import { asRows, checkData, cut } from "#src/testing/check-data.js";
import { testSubjects, type TestSubject } from "#src/testing/index.js";

/** Steps that have no form for one row, each with why. */
const WITHOUT: Readonly<Record<string, string>> = {
  neuralStep: "a network answers in its backend's own time",
  functionStep: "what a user's function does to a partition may be asynchronous",
  userPartition: "what a user's function does to a partition may be asynchronous",
  wordsStep: "a step of the tests, which writes words for numbers",
};

/** What asks a subject: its usual outputs, those that it says it has. */
function outputsOf(subject: TestSubject, model: AnyEstimator): ScoreOutput[] {
  return usualOutputs(model).filter((output) => subject.outputs?.includes(output as never) ?? true);
}

describe("every estimator answers one row as it answers many", () => {
  for (const subject of testSubjects)
    it(`${subject.name}: in plain JavaScript, or for a reason that is listed`, async () => {
      const data = checkData(subject);
      const { X, y } = cut(data, [data.rows]);
      const model = subject.make() as unknown as AnyEstimator;
      await (model as unknown as { fit(X: unknown, y: unknown): Promise<unknown> }).fit(X, y);
      const rows = asRows(data).slice(0, 25);
      // A missing value too, where the model takes them.
      if (subject.nan === "left out") rows.push([NaN, 101, 0]);
      const columns = Object.fromEntries(data.names.map((name, j) => [name, rows.map((row) => row[j] as number)]));
      for (const output of outputsOf(subject, model)) {
        const program = await loadProgram(
          recordProgram("test", placeholderArray(model.nFeatures, model.featureNames), (x) => [
            callOutput("test", model, output, x).plan,
          ]),
        );
        const direct = rowProgram(program, rowTools(Memory.create(2 ** 20, 2 ** 20)));
        const scorer = await rowScorer(model, { output });
        if (typeof direct !== "function") {
          expect(direct.length).toBeGreaterThan(0);
          expect(direct.filter((step) => !(step in WITHOUT))).toEqual([]);
          expect(scorer.batchSteps).toEqual(direct);
          continue;
        }
        expect(scorer.batchSteps).toEqual([]);
        const ask = (model as unknown as Record<string, (X: unknown) => Promise<unknown>>)[output];
        const whole = await ask!.call(model, columns);
        const expected = whole instanceof LocalMatrix ? whole.toRows() : Array.from(whole as number[], (one) => [one]);
        rows.forEach((row, i) => {
          const answer = direct(Float64Array.from(row));
          expect(answer, `row ${i} is answered without a batch`).toBeDefined();
          expect(Array.from(answer!), `${output} of row ${i}`).toEqual(expected[i]);
          expect([scorer(row)].flatMap((one) => (one instanceof Float64Array ? [...one] : [one]))).toEqual(expected[i]);
        });
      }
    });
});

describe("rows with text and gaps", () => {
  const n = 60;
  const index = Array.from({ length: n }, (_, i) => i);
  const columns = {
    city: index.map((i) => (i % 11 === 0 ? null : ["Brno", "Praha", "Wien"][(i * 7) % 3]!)),
    open: index.map((i) => (i % 7 === 0 ? null : i % 2 === 0)),
    grade: index.map((i) => i % 4),
    km: index.map((i) => (i % 9 === 0 ? Number.NaN : Math.sin(i) * 40)),
    late: index.map((i) => ["yes", "no", "perhaps"][(i * 5 + (i % 4)) % 3]!),
  };
  const frame = DistributedDataFrame.fromColumns(columns as never, { partitions: 3 }).withColumns(
    pl.col("grade").cast(pl.Int32),
  );
  const schema = { city: "String", open: "Bool", grade: "Int32" };
  const numbers = (...steps: Parameters<typeof makePipeline>): unknown => makePipeline(new SimpleImputer(), ...steps);
  const before = (sparse: boolean, encoder: unknown): ColumnTransformer =>
    new ColumnTransformer({
      transformers: [
        ["ones", new OneHotEncoder({ handleUnknown: "ignore", sparseOutput: sparse }), ["city", "open"]],
        ["own", encoder as OrdinalEncoder, ["city", "grade"]],
        [
          "bins",
          numbers(new KBinsDiscretizer({ nBins: 4, encode: sparse ? "onehot" : "onehotDense" })) as never,
          ["km"],
        ],
        ["splines", numbers(new SplineTransformer({ nKnots: 4, sparseOutput: sparse })) as never, ["km"]],
        ["levels", numbers(new QuantileTransformer({ nQuantiles: 20, outputDistribution: "normal" })) as never, ["km"]],
      ],
      sparseThreshold: sparse ? 1 : 0,
      transformerWeights: { bins: 0.5 },
    } as never);
  const ordinal = (): unknown =>
    new OrdinalEncoder({ handleUnknown: "use_encoded_value", unknownValue: -1, encodedMissingValue: -2 });
  const cases: readonly (readonly [string, () => unknown])[] = [
    [
      "encoders, splines and bins before a logistic model",
      () => makePipeline(before(false, ordinal()), new LogisticRegression()),
    ],
    ["the same in compressed rows", () => makePipeline(before(true, ordinal()), new LogisticRegression())],
    [
      "frequencies before boosting",
      () =>
        makePipeline(
          before(false, new FrequencyEncoder()),
          new HistGradientBoostingClassifier({ maxIter: 5, minSamplesLeaf: 3 }),
        ),
    ],
    [
      "a forest of three classes",
      () => makePipeline(before(false, ordinal()), new RandomForestClassifier({ nEstimators: 4 })),
    ],
    [
      "boosting that splits by sets of categories",
      () =>
        makePipeline(
          new OrdinalEncoder(),
          new HistGradientBoostingClassifier({ maxIter: 5, minSamplesLeaf: 3, categoricalFeatures: [0, 2] } as never),
        ),
    ],
    ["boosting that codes text itself", () => new HistGradientBoostingClassifier({ maxIter: 5, minSamplesLeaf: 3 })],
    ["naive Bayes after dummies", () => makePipeline(new GroupedImputer({ by: ["city"] }), new GaussianNB())],
    ["hashed columns", () => makePipeline(new FeatureHasher({ nFeatures: 2 ** 8 }), new LogisticRegression())],
    [
      "a search of a pipeline",
      () =>
        new GridSearchCV({
          estimator: makePipeline(before(false, ordinal()), new LogisticRegression()),
          paramGrid: { logisticregression__C: [0.5, 1] },
          cv: 2,
        } as never),
    ],
  ];
  for (const [name, make] of cases)
    it(`${name}: the bits of predictProba, without a data frame`, async () => {
      const model = make() as AnyEstimator & {
        predictProba(X: unknown): { toArray(): { compute(): Promise<LocalMatrix> } };
      };
      const X = frame.drop("late" as never);
      await (model as unknown as { fit(X: unknown, y: unknown): Promise<unknown> }).fit(
        X,
        frame.column("late" as never),
      );
      const scorer = await rowScorer(model, { schema, output: "predictProba" });
      expect(scorer.batchSteps).toEqual([]);
      const rows = index.map((i) => ({
        city: columns.city[i],
        open: columns.open[i],
        grade: columns.grade[i],
        km: columns.km[i],
      }));
      const whole = await toMatrix("test", model.predictProba(X) as never).compute();
      const one = rows.map((row) => [...(scorer(row) as Float64Array)]);
      expect(one).toEqual(whole.toRows());
      expect(scorer.batch(rows.slice(0, 3)).map((row) => [...(row as Float64Array)])).toEqual(one.slice(0, 3));
    });
});

describe("documents", () => {
  const texts = [
    "Late again, again LATE",
    "The train was on time",
    "l'été à Brno — déjà vu",
    "a   train\tnobody wanted",
    "",
    "ÉTÉ 2024: again on time, o'clock",
  ];
  const frame = DistributedDataFrame.fromColumns({
    note: Array.from({ length: 36 }, (_, i) => `${texts[i % 6]} ${texts[(i * 5 + 1) % 6]}`),
    late: Array.from({ length: 36 }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0)),
  });
  const vectorizers: readonly (readonly [string, () => unknown])[] = [
    ["counts", () => new CountVectorizer({ stopWords: "english", ngramRange: [1, 2] })],
    ["tf-idf without accents", () => new TfidfVectorizer({ stripAccents: "unicode", sublinearTf: true })],
    ["hashed terms", () => new HashingVectorizer({ nFeatures: 2 ** 12, ngramRange: [1, 3] })],
    ["characters", () => new CountVectorizer({ analyzer: "char", ngramRange: [2, 3], binary: true })],
    ["characters of words", () => new TfidfVectorizer({ analyzer: "char_wb", ngramRange: [3, 5] })],
    ["a pattern of one's own", () => new TfidfVectorizer({ tokenPattern: "(?u)\\b(\\w)\\w+" })],
    ["counts weighed after", () => makePipeline(new CountVectorizer(), new TfidfTransformer({ sublinearTf: true }))],
  ];
  for (const [name, make] of vectorizers)
    it(`${name}: the bits of decisionFunction, without a data frame`, async () => {
      const model = makePipeline(make() as never, new LogisticRegression({ solver: "lbfgs" }));
      const X = frame.select("note");
      await model.fit(X, frame.column("late"));
      const scorer = await rowScorer(model, { schema: { note: "String" }, output: "decisionFunction" });
      expect(scorer.batchSteps).toEqual([]);
      const whole = (await (model.decisionFunction(X) as DistributedArray).compute()).toVector() as Float64Array;
      const notes = (await X.compute()).getColumn("note").toArray() as string[];
      expect(notes.map((note) => scorer({ note }))).toEqual(Array.from(whole));
      expect(() => scorer({ note: null })).toThrow(/note/);
    });
});
