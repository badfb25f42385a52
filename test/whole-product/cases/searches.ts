import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GaussianNB, LinearRegression, LogisticRegression, Ridge, SGDClassifier } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { makePipeline } from "#src/compose/pipeline.js";
import type { Progress } from "#src/collections/plan-run.js";
import * as selection from "#src/model-selection/index.js";
import { use, type WorkTable } from "../work.js";
import { classes, table, targets } from "./data.js";

const {
  choice,
  crossValidate,
  crossValPredict,
  crossValScore,
  hyperbandBrackets,
  learningCurve,
  logNormal,
  logUniform,
  normal,
  partialDependence,
  permutationImportance,
  quantized,
  randint,
  sampleParameters,
  trainTestSplit,
  uniform,
  validationCurve,
  when,
} = use.of(selection);

for (const value of Object.values(selection)) {
  if (typeof value === "function" && value.toString().startsWith("class")) use.watch(value as never);
}

/** What a search found, without its times. */
function found(search: selection.BaseSearch<never>): unknown {
  const columns = Object.entries(search.cvResults).filter(([name]) => !name.endsWith("_time"));
  return [Object.fromEntries(columns), search.bestParams, search.bestScore, search.bestEstimator];
}

const pipeline = () => makePipeline(new StandardScaler(), new LogisticRegression({ maxIter: 30 }));
const C = { logisticregression__C: logUniform(1e-3, 1e2) };
const ALPHA = { alpha: logUniform(1e-3, 1e2) };
const online = { alpha: logUniform(1e-5, 1e-1) };
const sgd = () => new SGDClassifier({ maxIter: 3, tol: null });

/** Fits a search and tells what it found and which stages it reported. */
async function searched(search: selection.BaseSearch<never>, data = classes()): Promise<unknown> {
  const stages = new Set<string>();
  await search.fit(data.X, data.y, { onProgress: ({ stage }: Progress) => stages.add(stage) } as never);
  return [found(search), [...stages].toSorted(), search.predict(data.X as never)];
}

/** Searches, cross-validation, curves, and looks into a fitted model. */
export const searchWork: WorkTable = {
  "a grid with several scorers over a pipeline whose steps are shared, and joint fits": async () => [
    await searched(
      new selection.GridSearchCV({
        estimator: pipeline(),
        paramGrid: { logisticregression__C: [0.1, 1, 10], standardscaler__withMean: [true, false] },
        cv: 3,
        scoring: ["accuracy", "neg_log_loss"],
        refit: "neg_log_loss",
        returnTrainScore: true,
      }) as never,
    ),
    await searched(
      new selection.GridSearchCV({ estimator: new Ridge(), paramGrid: { alpha: [0.1, 1, 10] }, cv: 3 }) as never,
      targets(),
    ),
  ],
  "a random search with every distribution, and a journal that is taken up again": async () => {
    const folder = mkdtempSync(join(tmpdir(), "partwise-search-"));
    try {
      const search = () =>
        new selection.RandomizedSearchCV({
          estimator: pipeline(),
          paramDistributions: {
            ...C,
            logisticregression__maxIter: randint(20, 40),
            logisticregression__tol: logNormal(-9, 1),
            logisticregression__fitIntercept: choice([true, false]),
          },
          nIter: 5,
          cv: 2,
          randomState: 4,
          journal: join(folder, "journal.ndjson"),
        }) as never as selection.BaseSearch<never>;
      return [
        await searched(search()),
        await searched(search()),
        sampleParameters(
          { a: uniform(0, 1), b: normal(0, 1), c: quantized(uniform(0, 9), 3), d: when({ c: 3 }, uniform(1, 2)) },
          4,
          1,
        ),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  "halving over rows, by grid and at random": async () => [
    await searched(
      new selection.HalvingGridSearchCV({
        estimator: new Ridge(),
        paramGrid: { alpha: [0.01, 0.1, 1, 10] },
        cv: 2,
        factor: 2,
        minResources: 40,
      }) as never,
      targets(),
    ),
    await searched(
      new selection.HalvingRandomSearchCV({
        estimator: new Ridge(),
        paramDistributions: ALPHA,
        nCandidates: 4,
        cv: 2,
        factor: 2,
        minResources: 40,
        randomState: 1,
      }) as never,
      targets(),
    ),
  ],
  "Hyperband, successive halving, incremental and ASHA, by partialFit": async () => {
    const common = { estimator: sgd(), paramDistributions: online, maxIter: 4, randomState: 2 };
    return [
      await searched(new selection.HyperbandSearchCV({ ...common, aggressiveness: 2 }) as never),
      await searched(
        new selection.SuccessiveHalvingSearchCV({ ...common, nInitialParameters: 4, nInitialIter: 1 }) as never,
      ),
      await searched(new selection.IncrementalSearchCV({ ...common, nInitialParameters: 3 }) as never),
      await searched(new selection.InverseDecaySearchCV({ ...common, nInitialParameters: 3 }) as never),
      await searched(new selection.AshaSearchCV({ ...common, nIter: 4, parallelTrials: 1 }) as never),
    ];
  },
  TPE: async () =>
    searched(
      new selection.TPESearchCV({
        estimator: new Ridge(),
        paramDistributions: ALPHA,
        nIter: 6,
        cv: 2,
        randomState: 3,
      }) as never,
      targets(),
    ),
  "cross-validation with every splitter": async () => {
    const { X, y } = classes();
    const groups = Float64Array.from({ length: 160 }, (_, i) => Math.floor(i / 20));
    const testFold = Int32Array.from({ length: 160 }, (_, i) => (i % 4) - 1);
    const splitters = [
      new selection.KFold({ nSplits: 3, shuffle: true, randomState: 1 }),
      new selection.RepeatedKFold({ nSplits: 2, nRepeats: 2, randomState: 1 }),
      new selection.StratifiedKFold({ nSplits: 3 }),
      new selection.RepeatedStratifiedKFold({ nSplits: 2, nRepeats: 2, randomState: 1 }),
      new selection.ShuffleSplit({ nSplits: 2, testSize: 0.3, randomState: 1 }),
      new selection.StratifiedShuffleSplit({ nSplits: 2, testSize: 0.3, randomState: 1 }),
      new selection.GroupKFold({ nSplits: 3 }),
      new selection.LeaveOneGroupOut(),
      new selection.StratifiedGroupKFold({ nSplits: 3 }),
      new selection.TimeSeriesSplit({ nSplits: 3 }),
      new selection.PredefinedSplit({ testFold }),
    ];
    const scores: unknown[] = [];
    for (const cv of splitters) scores.push(await crossValScore(new GaussianNB(), X, y, { cv, groups }));
    return scores;
  },
  "crossValidate, crossValPredict, and folds that cost one scan": async () => {
    const { X, y } = classes();
    const { fitTime, scoreTime, ...rest } = await crossValidate(pipeline(), X, y, {
      cv: 3,
      scoring: ["accuracy", "roc_auc"],
      returnTrainScore: true,
      returnEstimator: true,
    });
    const ridge = await crossValidate(new Ridge(), targets().X, targets().y, { cv: 4 });
    return [
      rest,
      fitTime.length === scoreTime.length,
      ridge.testScores,
      await crossValPredict(pipeline(), X, y, { cv: 3, method: "predictProba" }),
    ];
  },
  "learning and validation curves, splits of frames and arrays": async () => {
    const { X, y } = classes();
    const split = await trainTestSplit({ X, y }, { testSize: 0.25, randomState: 3, stratify: y });
    return [
      await learningCurve(new LogisticRegression(), X, y, { cv: 2, trainSizes: [0.3, 1], shuffle: true }),
      await validationCurve(new LogisticRegression(), X, y, { cv: 2, paramName: "C", paramRange: [0.1, 1] }),
      split,
      await trainTestSplit(table().select("a", "city"), { blockwise: true, testSize: 0.5, randomState: 1 }),
    ];
  },
  "permutation importance and partial dependence": async () => {
    const { X, y } = targets();
    const model = await new LinearRegression().fit(X, y);
    return [
      await permutationImportance(model, X, y, { nRepeats: 2, randomState: 1 }),
      await partialDependence(model, X, { features: [0, 2], kind: "both", gridResolution: 4 }),
    ];
  },
  "calibration and thresholds around a classifier": async () => {
    const { X, y } = classes();
    const calibrated = new selection.CalibratedClassifierCV({
      estimator: new GaussianNB(),
      method: "isotonic",
      cv: 3,
    });
    const tuned = new selection.TunedThresholdClassifierCV({ estimator: new GaussianNB(), cv: 2 });
    const fixed = new selection.FixedThresholdClassifier({ estimator: new LogisticRegression(), threshold: 0.3 });
    const outputs: unknown[] = [];
    for (const model of [calibrated, tuned, fixed]) {
      await model.fit(X, y);
      outputs.push(model, model.predict(X), model.predictProba(X), await model.score(X, y));
    }
    return [...outputs, tuned.decisionFunction(X)];
  },
  "tables of parameters and brackets, which start nothing": () => [
    [...new selection.ParameterGrid({ a: [1, 2], b: [3] })],
    hyperbandBrackets(9, 3),
  ],
};
