import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinearSVC, LogisticRegression } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { makePipeline } from "#src/compose/pipeline.js";
import { accuracyScore, brierScoreLoss, getScorer, logLoss } from "#src/metrics/index.js";
import {
  CalibratedClassifierCV,
  FixedThresholdClassifier,
  TunedThresholdClassifierCV,
  type CalibrationMethod,
} from "#src/model-selection/index.js";
import { isotonicAt, isotonicOf, sharePoints } from "#src/numeric/isotonic.js";
import { plattSigmoid } from "#src/numeric/score-logistic.js";
import { expectClose } from "../checks/tolerances.js";
import { goldenCase, loadGolden, type GoldenData } from "../golden/load-golden.js";

const golden = loadGolden("calibration");
const LOOSE = { rtol: 2e-5, atol: 2e-6 };
const EXACT = { rtol: 1e-9, atol: 1e-11 };

interface Data extends GoldenData {
  readonly columnsNew: number[][];
}

const dataOf = (name: string): { data: Data; expected: Record<string, unknown> } => {
  const { data, expected } = goldenCase(golden, name);
  return { data: data as Data, expected };
};
const array = (columns: readonly (readonly number[])[], partitions = 1): DistributedArray =>
  DistributedArray.fromColumns(columns, { partitions });
const logistic = (): LogisticRegression => new LogisticRegression({ tol: 1e-10, maxIter: 2000 });

/** A logistic regression whose scores are columns of X: coefficients are set, not fitted. */
function scoresOnly(classes: number): LogisticRegression {
  const p = 3;
  const coef = Float64Array.from({ length: classes === 2 ? p : classes * p }, (_, i) =>
    (classes === 2 ? i === 0 : Math.floor(i / p) === i % p) ? 1 : 0,
  );
  const json = logistic().toPlain();
  const state = {
    nFeatures: p,
    coef,
    intercepts: new Float64Array(classes === 2 ? 1 : classes),
    classes: Array.from({ length: classes }, (_, k) => k),
    nIter: 0,
  };
  return LogisticRegression.fromJSON({ ...json, state });
}

async function probaOf(model: CalibratedClassifierCV, columns: number[][], partitions: number): Promise<Float64Array> {
  const found = await (model.predictProba(array(columns, partitions)) as DistributedArray).compute();
  return Float64Array.from(found.columns.flatMap((column) => [...(column as Float64Array)]));
}

describe("CalibratedClassifierCV", () => {
  for (const method of ["sigmoid", "isotonic", "temperature"] as const) {
    for (const key of ["two", "three"]) {
      for (const weights of ["", " weights"]) {
        it(`gives scikit-learn's probabilities: ${method}, ${key} classes${weights}, for any partitioning`, async () => {
          for (const kind of ["prefit", "cv"]) {
            for (const ensemble of kind === "prefit" ? [true] : [true, false]) {
              const suffix = kind === "prefit" ? "" : ` ensemble=${ensemble ? "True" : "False"}`;
              const { data, expected } = dataOf(`${kind} ${method} ${key}${weights}${suffix}`);
              for (const partitions of [1, 4]) {
                const model = new CalibratedClassifierCV({
                  estimator: kind === "prefit" ? scoresOnly(key === "two" ? 2 : 3) : logistic(),
                  method,
                  cv: kind === "prefit" ? "prefit" : 3,
                  ensemble,
                });
                const sampleWeight = data.sampleWeight;
                await model.fit(
                  array(data.columns as number[][], partitions),
                  data.y as number[],
                  sampleWeight ? { sampleWeight } : {},
                );
                const found = await probaOf(model, data.columnsNew, partitions);
                const want = (expected["proba"] as number[][]).flat();
                // scikit-learn's models and sigmoids stop a little short of the optimum.
                expectClose(
                  found,
                  want,
                  method === "isotonic" && kind === "prefit" ? EXACT : LOOSE,
                  `${kind}${suffix}`,
                );
              }
            }
          }
        });
      }
    }
  }

  const { data } = dataOf("prefit sigmoid two");
  const X = data.columns as number[][];
  const y = data.y as number[];

  it("takes texts as labels, local rows, pipelines and classifiers without probabilities", async () => {
    const words = y.map((label) => (label === 1 ? "yes" : "no"));
    const estimator = makePipeline(new StandardScaler(), new LinearSVC());
    const model = await new CalibratedClassifierCV({ estimator, cv: 3 }).fit(
      new LocalMatrix(
        X.map((c) => Float64Array.from(c)),
        y.length,
        [3],
      ),
      words,
    );
    expect(model.classes).toEqual(["no", "yes"]);
    const rows = [
      [3, 1, 0],
      [-3, -1, 0],
    ];
    expect(await model.predict(rows)).toEqual(["yes", "no"]);
    const proba = (await model.predictProba(rows)) as LocalMatrix;
    expect(proba.at(0, 0) + proba.at(0, 1)).toBeCloseTo(1, 12);
    expect(proba.at(0, 1)).toBeGreaterThan(0.9);
    expect(await model.score(array(X, 2), words)).toBeGreaterThan(0.7);
  });

  it("is the same after JSON, and a clone is unfitted", async () => {
    for (const method of ["sigmoid", "isotonic", "temperature"] as const) {
      const model = await new CalibratedClassifierCV({ estimator: logistic(), method, cv: 2 }).fit(array(X), y);
      const again = CalibratedClassifierCV.fromJSON(JSON.parse(JSON.stringify(model.toJSON())));
      expect(await probaOf(again, X, 2)).toEqual(await probaOf(model, X, 2));
      expect(model.clone().isFitted).toBe(false);
      expect(model.calibratedClassifiers.length).toBe(2);
    }
  });

  it("counts weight 2 as the row twice", async () => {
    for (const method of ["sigmoid", "isotonic", "temperature"] as CalibrationMethod[]) {
      const twice = [...Array(y.length).keys()].flatMap((i) => (i % 3 === 0 ? [i, i] : [i]));
      const sampleWeight = y.map((_, i) => (i % 3 === 0 ? 2 : 1));
      const make = (): CalibratedClassifierCV =>
        new CalibratedClassifierCV({ estimator: scoresOnly(2), method, cv: "prefit" });
      const weighted = await make().fit(array(X), y, { sampleWeight });
      const repeated = await make().fit(
        array(X.map((column) => twice.map((i) => column[i] as number))),
        twice.map((i) => y[i] as number),
      );
      expectClose(await probaOf(weighted, X, 1), await probaOf(repeated, X, 1), { rtol: 1e-8, atol: 1e-10 }, method);
    }
  });

  it("never has a larger loss on the rows that it calibrated by than the family's members nearby", async () => {
    const losses: number[] = [];
    for (const method of ["sigmoid", "isotonic"] as const) {
      const model = await new CalibratedClassifierCV({ estimator: scoresOnly(2), method, cv: "prefit" }).fit(
        array(X),
        y,
      );
      const proba = (model.predictProba(array(X)) as DistributedArray).column(1);
      losses.push(await brierScoreLoss(y, proba));
    }
    // Every sigmoid is ascending, so that the nearest ascending function is nearer.
    expect(losses[1] as number).toBeLessThanOrEqual(losses[0] as number);
    const temperature = new CalibratedClassifierCV({ estimator: scoresOnly(3), method: "temperature", cv: "prefit" });
    const largest = (i: number): number =>
      [0, 1, 2].reduce((best, k) => ((X[k]?.[i] ?? 0) > (X[best]?.[i] ?? 0) ? k : best), 0);
    const three = y.map((_, i) => (largest(i) + (i % 4 === 0 ? 1 : 0)) % 3);
    await temperature.fit(array(X), three);
    const [calibrator] = temperature.calibratedClassifiers[0]?.calibrators ?? [];
    const beta = calibrator?.kind === "temperature" ? calibrator.beta : NaN;
    const lossAt = async (scale: number): Promise<number> => {
      const rows = three.map((_, i) => X.map((column) => Math.exp(scale * (column[i] as number))));
      const shares = rows.map((row) => row.map((value) => value / row.reduce((a, b) => a + b, 0)));
      return logLoss(three, shares);
    };
    const least = await lossAt(beta);
    expect(least).toBeLessThanOrEqual(await lossAt(beta * 1.01));
    expect(least).toBeLessThanOrEqual(await lossAt(beta / 1.01));
  });

  it("refuses what it cannot do, and says what to do", async () => {
    expect(() => new CalibratedClassifierCV({ estimator: new StandardScaler() })).toThrow(
      "estimator must be a classifier",
    );
    const unfitted = new CalibratedClassifierCV({ estimator: logistic(), cv: "prefit" });
    await expect(unfitted.fit(array(X), y)).rejects.toThrow('cv is "prefit", but the LogisticRegression is not fitted');
    const rare = y.map((_, i) => (i < 3 ? 1 : 0));
    await expect(new CalibratedClassifierCV({ estimator: logistic(), cv: 5 }).fit(array(X), rare)).rejects.toThrow(
      /fewer|folds/,
    );
    const other = new CalibratedClassifierCV({ estimator: scoresOnly(2), cv: "prefit" });
    await expect(
      other.fit(
        array(X),
        y.map((label) => label + 5),
      ),
    ).rejects.toThrow("which the estimator was not fitted to");
    expect(() => new CalibratedClassifierCV({ estimator: logistic(), method: "platt" as "sigmoid" })).toThrow("method");
  });
});

describe("isotonic and sigmoid calibrators", () => {
  const tableOf = (score: number[], positive: number[]): Parameters<typeof sharePoints>[0] => ({
    labels: [0, 1],
    score: Float64Array.from(score),
    first: Float64Array.from(positive, (p) => 1 - p),
    second: Float64Array.from(positive),
  });

  it("pool as the min-max formula says", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }), (quarters) => {
        const shares = quarters.map((q) => q / 4);
        const table = tableOf(
          shares.map((_, k) => k),
          shares,
        );
        const knots = isotonicOf(sharePoints(table));
        const mean = (from: number, to: number): number =>
          shares.slice(from, to + 1).reduce((sum, value) => sum + value, 0) / (to - from + 1);
        shares.forEach((_, k) => {
          let want = -Infinity;
          for (let a = 0; a <= k; a++) {
            let least = Infinity;
            for (let b = k; b < shares.length; b++) least = Math.min(least, mean(a, b));
            want = Math.max(want, least);
          }
          expect(isotonicAt(knots, k)).toBeCloseTo(want, 12);
        });
        expect(isotonicAt(knots, -5)).toBe(knots.y[0]);
        expect(isotonicAt(knots, 50)).toBe(knots.y.at(-1));
      }),
    );
  });

  it("leave no gradient of Platt's loss, whatever the unit of the scores", () => {
    const score = [-3, -1, -0.5, 0.2, 0.9, 2, 4];
    const positive = [0, 0, 1, 0, 1, 1, 1];
    const [n1, n0] = [4, 3];
    for (const unit of [1, 1e6, 1e-6]) {
      const { slope, offset } = plattSigmoid(
        "test",
        tableOf(
          score.map((s) => s * unit),
          positive,
        ),
      );
      let [gradient, level] = [0, 0];
      score.forEach((s, k) => {
        const target = positive[k] === 1 ? (n1 + 1) / (n1 + 2) : 1 / (n0 + 2);
        const residual = 1 / (1 + Math.exp(slope * unit * s + offset)) - target;
        gradient += residual * s;
        level += residual;
      });
      expect(Math.abs(gradient) + Math.abs(level)).toBeLessThan(1e-9);
    }
  });

  it("give one probability for scores that are all the same", () => {
    const { slope, offset } = plattSigmoid("test", {
      labels: [0, 1],
      score: Float64Array.of(2),
      first: Float64Array.of(3),
      second: Float64Array.of(1),
    });
    expect(1 / (1 + Math.exp(2 * slope + offset))).toBeCloseTo((2 / 3 + 3 / 5) / 4, 9);
  });
});

describe("threshold classifiers", () => {
  for (const scoring of ["balanced_accuracy", "f1", "accuracy"]) {
    for (const [method, responseMethod] of [
      ["decision_function", "decisionFunction"],
      ["predict_proba", "predictProba"],
    ] as const) {
      it(`tune to scikit-learn's threshold: ${scoring} of ${responseMethod}, for any partitioning`, async () => {
        const { data, expected } = dataOf(`threshold ${scoring} ${method}`);
        for (const partitions of [1, 4]) {
          const model = new TunedThresholdClassifierCV({
            estimator: logistic(),
            scoring,
            responseMethod,
            thresholds: 25,
            cv: 4,
          });
          await model.fit(array(data.columns as number[][], partitions), data.y as number[]);
          expectClose(model.cvResults.thresholds, expected["thresholds"] as number[], LOOSE, "thresholds");
          expectClose(model.cvResults.scores, expected["scores"] as number[], LOOSE, "scores");
          expectClose(
            [model.bestThreshold, model.bestScore],
            [expected["threshold"] as number, expected["score"] as number],
            LOOSE,
            "best",
          );
          const labels = await (model.predict(array(data.columnsNew, partitions)) as DistributedArray).compute();
          expect([...(labels.toVector() as Float64Array)]).toEqual(expected["labels"]);
        }
      });
    }
  }

  const { data } = dataOf("threshold f1 predict_proba");
  const X = data.columns as number[][];
  const y = data.y as number[];

  it("see every threshold as the scorer of all rows does", async () => {
    const estimator = await logistic().fit(array(X), y);
    const model = new TunedThresholdClassifierCV({
      estimator,
      cv: "prefit",
      refit: false,
      scoring: "matthews_corrcoef",
      responseMethod: "predictProba",
      thresholds: [0.7, 0.2, 0.5],
    });
    await model.fit(array(X, 3), y);
    expect([...model.cvResults.thresholds]).toEqual([0.2, 0.5, 0.7]);
    const proba = ((await estimator.predictProba(array(X)).compute()).columns[1] ?? []) as Float64Array;
    const scorer = getScorer("accuracy");
    expect(scorer.sign).toBe(1);
    const fixed = new FixedThresholdClassifier({
      estimator,
      prefit: true,
      threshold: 0.7,
      responseMethod: "predictProba",
    });
    await fixed.fit(array(X), y);
    const said = await (fixed.predict(array(X, 2)) as DistributedArray).compute();
    expect([...(said.toVector() as Float64Array)]).toEqual(Array.from(proba, (p) => (p >= 0.7 ? 1 : 0)));
    expect(await fixed.score(array(X), y)).toBeCloseTo(await accuracyScore(y, said.toVector() as Float64Array), 12);
  });

  it("fit and predict texts, in JSON too", async () => {
    const words = y.map((label) => (label === 1 ? "yes" : "no"));
    for (const model of [
      await new FixedThresholdClassifier({ estimator: logistic() }).fit(array(X), words),
      await new TunedThresholdClassifierCV({ estimator: logistic(), cv: 2, thresholds: 10, scoring: "accuracy" }).fit(
        array(X),
        words,
      ),
    ]) {
      const Class = model.constructor as typeof FixedThresholdClassifier;
      const again = Class.fromJSON(JSON.parse(JSON.stringify(model.toJSON())));
      const rows = [
        [3, 1, 0],
        [-3, -1, 0],
      ];
      expect(await model.predict(rows)).toEqual(["yes", "no"]);
      expect(await again.predict(rows)).toEqual(["yes", "no"]);
    }
  });

  it("refuse scorers of scores, three classes, and refits of fitted models", async () => {
    const estimator = logistic();
    expect(() => new TunedThresholdClassifierCV({ estimator, scoring: "roc_auc" })).toThrow(
      "must be a scorer of labels",
    );
    expect(() => new TunedThresholdClassifierCV({ estimator, cv: "prefit" })).toThrow("refit must be false");
    const three = y.map((label, i) => (i % 5 === 0 ? 2 : label));
    await expect(new FixedThresholdClassifier({ estimator }).fit(array(X), three)).rejects.toThrow(
      "y has 3 classes; a threshold is for two",
    );
  });
});
