import { describe, expect, it } from "vitest";
import type { DistributedArray } from "#src/collections/array/distributed-array.js";
import * as metrics from "#src/metrics/index.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../golden/load-golden.js";
import { labels, layouts, matrix, relative, vector } from "./metric-data.js";

const golden = loadGolden("more-metrics");
const TOLERANCE = 1e-12;

type Values = DistributedArray | ArrayLike<number>;
type Score = (t: Values, p: Values, options: { sampleWeight?: Values }) => Promise<number | number[]>;

// Every layout, with and without weights, against scikit-learn.
function scored(name: string, score: Score, tolerance = TOLERANCE, input: "yPred" | "yScore" = "yPred"): void {
  for (const variant of ["", " weights"]) {
    it(`gives scikit-learn's ${name}${variant} for every cut of the rows`, async () => {
      const { data, expected } = goldenCase(golden, `${name}${variant}`);
      const [t, p] = [labels(data, "yTrue"), data[input] as number[]];
      const want = [expected["value"]].flat() as number[];
      const check = (found: number | number[], layout: string): void => {
        const values = [found].flat();
        expect(values.length).toBe(want.length);
        values.forEach((value, k) =>
          expect(relative(value, want[k] as number), `${layout}: ${value} for ${want[k]}`).toBeLessThanOrEqual(
            tolerance,
          ),
        );
      };
      const w = data.sampleWeight;
      check(await score(t, p, w ? { sampleWeight: w } : {}), "plain arrays");
      for (const [layout, cut] of Object.entries(layouts)) {
        check(await score(vector(t, cut), vector(p, cut), w ? { sampleWeight: vector(w, cut) } : {}), layout);
      }
    });
  }
}

// As above, over columns of probabilities or scores.
function scoredColumns(
  name: string,
  input: "proba" | "scores",
  score: (t: Values, columns: DistributedArray, options: { sampleWeight?: Values }) => Promise<number>,
  variants = ["", " weights"],
): void {
  for (const variant of variants) {
    it(`gives scikit-learn's ${name}${variant} for every cut of the rows`, async () => {
      const { data, expected } = goldenCase(golden, `${name}${variant}`);
      const w = data.sampleWeight;
      for (const [layout, cut] of Object.entries(layouts)) {
        const value = await score(
          vector(labels(data, "yTrue"), cut),
          matrix((data as typeof data & { scores?: number[][] })[input] as number[][], cut),
          w ? { sampleWeight: vector(w, cut) } : {},
        );
        expect(relative(value, numberOf(expected, "value")), layout).toBeLessThanOrEqual(TOLERANCE);
      }
    });
  }
}

describe("metrics of classes", () => {
  const families = {
    precision: metrics.precisionScore,
    recall: metrics.recallScore,
    f1: metrics.f1Score,
    jaccard: metrics.jaccardScore,
    fbeta: <A extends metrics.Average = "binary">(t: Values, p: Values, options: metrics.PrecisionOptions<A>) =>
      metrics.fbetaScore<A>(t, p, { ...options, beta: 0.5 }),
  };
  for (const [name, f] of Object.entries(families)) {
    scored(`${name} binary`, f);
    scored(`${name} negative`, (t, p, o) => f(t, p, { ...o, posLabel: 0 }));
    for (const average of ["micro", "macro", "weighted", null] as const) {
      const key = average ?? "None";
      scored(`${name} ${key}`, (t, p, o) => f<metrics.Average>(t, p, { ...o, average }));
      scored(`${name} ${key} labels`, (t, p, o) => f<metrics.Average>(t, p, { ...o, average, labels: [3, 1] }));
    }
  }
  scored("precision nan", (t, p, o) => metrics.precisionScore(t, p, { ...o, average: "macro", zeroDivision: NaN }));
  for (const kind of ["binary", "multiclass"]) {
    scored(`balanced ${kind}`, metrics.balancedAccuracyScore);
    scored(`balanced adjusted ${kind}`, (t, p, o) => metrics.balancedAccuracyScore(t, p, { ...o, adjusted: true }));
    scored(`matthews ${kind}`, metrics.matthewsCorrcoef);
    scored(`kappa ${kind} None`, metrics.cohenKappaScore);
    scored(`kappa ${kind} linear`, (t, p, o) => metrics.cohenKappaScore(t, p, { ...o, weights: "linear" }));
    scored(`kappa ${kind} quadratic`, (t, p, o) => metrics.cohenKappaScore(t, p, { ...o, weights: "quadratic" }));
  }

  it("prints the report of scikit-learn, and has its numbers", async () => {
    for (const name of ["binary", "words"]) {
      const { data, expected } = goldenCase(golden, `report ${name}`);
      const report = await metrics.classificationReport(data.yTrue as number[], data.yPred as number[]);
      expect(report.text).toBe(expected["text"]);
      const record = expected["record"] as Record<string, Record<string, number>>;
      for (const one of report.classes) {
        expect(relative(one.f1Score, record[String(one.label)]?.["f1-score"] as number)).toBeLessThan(TOLERANCE);
      }
      expect(relative(report.weightedAvg.recall, record["weighted avg"]?.["recall"] as number)).toBeLessThan(TOLERANCE);
      expect(report.accuracy).toBeCloseTo(expected["record"] ? (record["accuracy"] as unknown as number) : NaN, 12);
    }
    const { data, expected } = goldenCase(golden, "report subset");
    const subset = await metrics.classificationReport(data.yTrue as number[], data.yPred as number[], {
      labels: [2, 0],
      digits: 3,
    });
    expect(subset.text).toBe(expected["text"]);
    expect(subset.accuracy).toBeUndefined();
  });
});

describe("metrics of probabilities and scores", () => {
  scored("brier binary", metrics.brierScoreLoss, TOLERANCE, "yScore");
  scored("brier whole", (t, p, o) => metrics.brierScoreLoss(t, p, { ...o, scaleByHalf: false }), TOLERANCE, "yScore");
  scoredColumns("brier multiclass", "proba", metrics.brierScoreLoss);
  scoredColumns("d2-log-loss", "proba", metrics.d2LogLossScore);
  scoredColumns("d2-log-loss", "proba", (t, s, o) => metrics.d2LogLossScore(t, s, { ...o, labels: [3, 2, 1, 0] }), [
    "",
  ]);
  for (const k of [1, 2, 3]) {
    scoredColumns(`top-k ${k}`, "scores", (t, s, o) => metrics.topKAccuracyScore(t, s, { ...o, k }));
  }
  scored("average-precision", metrics.averagePrecisionScore, TOLERANCE, "yScore");

  for (const multiClass of ["ovr", "ovo"] as const) {
    for (const average of ["macro", "weighted"] as const) {
      const variants = multiClass === "ovr" && average === "macro" ? ["", " weights"] : [""];
      scoredColumns(
        `roc-auc ${multiClass} ${average}`,
        "proba",
        (t, s, o) => metrics.rocAucScore(t, s, { ...o, multiClass, average }),
        variants,
      );
    }
  }

  it("gives scikit-learn's precisionRecallCurve for every cut of the rows", async () => {
    for (const drop of [false, true]) {
      for (const variant of ["", " weights"]) {
        const { data, expected } = goldenCase(golden, `pr-curve drop=${drop ? "True" : "False"}${variant}`);
        for (const cut of Object.values(layouts)) {
          const curve = await metrics.precisionRecallCurve(
            vector(labels(data, "yTrue"), cut),
            vector(data.yScore as number[], cut),
            {
              dropIntermediate: drop,
              ...(data.sampleWeight ? { sampleWeight: vector(data.sampleWeight, cut) } : {}),
            },
          );
          for (const side of ["precision", "recall", "thresholds"] as const) {
            const want = numbersOf(expected, side);
            expect(curve[side].length, side).toBe(want.length);
            want.forEach((value, k) => expect(relative(curve[side][k] as number, value)).toBeLessThan(TOLERANCE));
          }
        }
      }
    }
  });
});

describe("metrics of targets", () => {
  scored("mape", metrics.meanAbsolutePercentageError);
  scored("msle", metrics.meanSquaredLogError);
  scored("rmsle", metrics.rootMeanSquaredLogError);
  scored("medae", metrics.medianAbsoluteError);
  scored("explained-variance", metrics.explainedVarianceScore);
  scored("pinball 0.5", metrics.meanPinballLoss);
  scored("pinball 0.1", (t, p, o) => metrics.meanPinballLoss(t, p, { ...o, alpha: 0.1 }));
  for (const power of [-1, 0, 1, 1.5, 2, 3]) {
    scored(`tweedie ${power}`, (t, p, o) => metrics.meanTweedieDeviance(t, p, { ...o, power }), 1e-11);
    scored(`d2-tweedie ${power}`, (t, p, o) => metrics.d2TweedieScore(t, p, { ...o, power }), 1e-10);
  }
  scored("d2-absolute", metrics.d2AbsoluteErrorScore);
  scored("d2-absolute counts", metrics.d2AbsoluteErrorScore);
  scored("poisson counts", metrics.meanPoissonDeviance);
  scored("d2-tweedie counts", (t, p, o) => metrics.d2TweedieScore(t, p, { ...o, power: 1 }));

  it("gives scikit-learn's maxError for every cut of the rows", async () => {
    const { data, expected } = goldenCase(golden, "max-error");
    for (const cut of Object.values(layouts)) {
      const value = await metrics.maxError(vector(labels(data, "yTrue"), cut), vector(data.yPred as number[], cut));
      expect(value).toBe(numberOf(expected, "value"));
    }
  });

  it("keeps the median's rank within its stated error where the sketch is not exact", async () => {
    const n = 20_000;
    const t = Float64Array.from({ length: n }, (_, i) => (i * 7919) % n);
    const found = await metrics.medianAbsoluteError(t, new Float64Array(n), { rankError: 0.01 });
    expect(Math.abs(found - n / 2)).toBeLessThanOrEqual(0.01 * n);
  });
});

describe("precisionRecallFscoreSupport", () => {
  for (const average of ["macro", null] as const) {
    for (const variant of ["", " weights"]) {
      it(`gives scikit-learn's four at once, average ${average}${variant}`, async () => {
        const { data, expected } = goldenCase(golden, `all ${average === null ? "None" : average}${variant}`);
        for (const cut of Object.values(layouts)) {
          const found = await metrics.precisionRecallFscoreSupport(
            vector(labels(data, "yTrue"), cut),
            vector(labels(data, "yPred"), cut),
            { average, beta: 0.5, labels: [3, 1, 2], sampleWeight: data.sampleWeight },
          );
          for (const name of ["precision", "recall", "fscore", "support"] as const) {
            const want = [expected[name] ?? []].flat() as number[];
            const own = [found[name] ?? []].flat();
            expect(own.length, name).toBe(want.length);
            own.forEach((value, k) => expect(relative(value, want[k] as number), name).toBeLessThanOrEqual(TOLERANCE));
          }
        }
      });
    }
  }

  it("gives every class unless told otherwise, and refuses a beta below 0", async () => {
    expect(await metrics.precisionRecallFscoreSupport([0, 1, 1], [0, 1, 0], { sampleWeight: [1, 2, 0] })).toEqual({
      precision: [1, 1],
      recall: [1, 1],
      fscore: [1, 1],
      support: [1, 2],
    });
    await expect(metrics.precisionRecallFscoreSupport([0, 1], [0, 1], { beta: -1 })).rejects.toThrow(
      "precisionRecallFscoreSupport: beta must be >= 0; got -1",
    );
  });
});
