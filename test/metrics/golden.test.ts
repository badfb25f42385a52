import { describe, expect, it } from "vitest";
import type { DistributedArray } from "#src/collections/array/distributed-array.js";
import * as metrics from "#src/metrics/index.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../golden/load-golden.js";
import { labels, layouts, matrix, relative, vector } from "./metric-data.js";

const golden = loadGolden("metrics");
const TOLERANCE = 1e-12;

// The same score from every layout, and from plain arrays.
async function everywhere(
  score: (
    cut: (values: ArrayLike<number>) => DistributedArray | ArrayLike<number>,
    layout: (rows: number) => number[],
  ) => Promise<number>,
): Promise<[string, number][]> {
  const found: [string, number][] = [
    ["plain arrays", await score((values) => values, layouts["one partition"] as never)],
  ];
  for (const [name, layout] of Object.entries(layouts))
    found.push([name, await score((values) => vector(values, layout), layout)]);
  return found;
}

function check(found: readonly [string, number][], expected: number): void {
  for (const [layout, value] of found)
    expect(relative(value, expected), `${layout}: ${value} for ${expected}`).toBeLessThanOrEqual(TOLERANCE);
}

describe("metrics against scikit-learn", () => {
  for (const kind of ["binary", "multiclass"]) {
    for (const variant of ["", " weights", " count"]) {
      it(`accuracyScore is that of scikit-learn: ${kind}${variant}`, async () => {
        const { data, expected } = goldenCase(golden, `accuracy ${kind}${variant}`);
        check(
          await everywhere((cut) =>
            metrics.accuracyScore(cut(labels(data, "yTrue")), cut(labels(data, "yPred")), {
              normalize: variant !== " count",
              sampleWeight: data.sampleWeight && cut(data.sampleWeight),
            }),
          ),
          numberOf(expected, "value"),
        );
      });
    }
  }

  it("accuracyScore takes texts", async () => {
    for (const variant of ["", " weights", " count"]) {
      const { data, expected } = goldenCase(golden, `accuracy words${variant}`);
      const value = await metrics.accuracyScore(data.yTrue as string[], data.yPred as string[], {
        normalize: variant !== " count",
        sampleWeight: data.sampleWeight,
      });
      expect(relative(value, numberOf(expected, "value"))).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  for (const name of ["log-loss binary", "log-loss binary weights", "log-loss binary sum", "log-loss clipped"]) {
    it(`logLoss is that of scikit-learn: ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const small = data.yScore?.length === 4;
      for (const known of [undefined, [0, 1], [1, 0]]) {
        const score = (cut: (values: ArrayLike<number>) => DistributedArray | ArrayLike<number>): Promise<number> =>
          metrics.logLoss(cut(labels(data, "yTrue")), cut(data.yScore as number[]), {
            labels: known,
            normalize: !name.endsWith("sum"),
            sampleWeight: data.sampleWeight && cut(data.sampleWeight),
          });
        check(
          small ? [["plain", await score((values) => values)]] : await everywhere(score),
          numberOf(expected, "value"),
        );
      }
    });
  }

  for (const name of ["log-loss multiclass", "log-loss multiclass weights"]) {
    it(`logLoss is that of scikit-learn: ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      for (const known of [undefined, [0, 1, 2, 3]]) {
        check(
          await everywhere((cut, layout) =>
            metrics.logLoss(cut(labels(data, "yTrue")), matrix(data.proba as number[][], layout), {
              labels: known,
              sampleWeight: data.sampleWeight && cut(data.sampleWeight),
            }),
          ),
          numberOf(expected, "value"),
        );
      }
    });
  }

  it("logLoss takes texts, columns in ascending order of label, and rows of probabilities", async () => {
    const { data, expected } = goldenCase(golden, "log-loss words");
    const proba = data.proba as number[][];
    const rows = (proba[0] as number[]).map((_, i) => proba.map((column) => column[i] as number));
    for (const known of [undefined, ["dog", "cat", "bee", "ant"]]) {
      const value = await metrics.logLoss(data.yTrue as string[], rows, { labels: known });
      expect(relative(value, numberOf(expected, "value"))).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  for (const name of ["binary", "binary weights", "ties", "ties weights"]) {
    it(`rocAucScore and rocCurve are those of scikit-learn: ${name}`, async () => {
      const area = goldenCase(golden, `roc-auc ${name}`);
      check(
        await everywhere((cut) =>
          metrics.rocAucScore(cut(labels(area.data, "yTrue")), cut(area.data.yScore as number[]), {
            sampleWeight: area.data.sampleWeight && cut(area.data.sampleWeight),
          }),
        ),
        numberOf(area.expected, "value"),
      );
      const { data, expected } = goldenCase(golden, `roc-curve ${name}`);
      for (const layout of Object.values(layouts)) {
        const curve = await metrics.rocCurve(
          vector(labels(data, "yTrue"), layout),
          vector(data.yScore as number[], layout),
          {
            dropIntermediate: false,
            sampleWeight: data.sampleWeight,
          },
        );
        expect(Array.from(curve.thresholds)).toEqual(numbersOf(expected, "thresholds"));
        for (const [ours, theirs] of [
          [curve.fpr, numbersOf(expected, "falsePositiveRate")],
          [curve.tpr, numbersOf(expected, "truePositiveRate")],
        ] as const) {
          expect(ours.length).toBe(theirs.length);
          theirs.forEach((value, k) => expect(relative(ours[k] as number, value)).toBeLessThanOrEqual(TOLERANCE));
        }
      }
    });
  }

  it("rocAucScore is 1, 0 and 0.5 for perfect, reversed and constant scores", async () => {
    for (const name of ["perfect", "reversed", "all-tied"]) {
      const { data, expected } = goldenCase(golden, `roc-auc ${name}`);
      expect(await metrics.rocAucScore(labels(data, "yTrue"), data.yScore as number[])).toBe(
        numberOf(expected, "value"),
      );
    }
  });

  for (const name of Object.keys(golden.cases).filter((one) => one.startsWith("confusion "))) {
    it(`confusionMatrix is that of scikit-learn: ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const normalize = /normalize=(true|pred|all)/.exec(name)?.[1] as "true" | "pred" | "all" | undefined;
      const named = name.includes(" labels ") ? (expected["labels"] as number[]) : undefined;
      const words = typeof data.yTrue?.[0] === "string";
      for (const layout of Object.values(layouts)) {
        const [t, p] = words
          ? [data.yTrue as string[], data.yPred as string[]]
          : [vector(labels(data, "yTrue"), layout), vector(labels(data, "yPred"), layout)];
        const result = await metrics.confusionMatrix(t, p, {
          labels: named,
          normalize,
          sampleWeight: data.sampleWeight,
        });
        expect(result.labels).toEqual(expected["labels"]);
        (expected["matrix"] as number[][]).forEach((row, i) =>
          row.forEach((value, j) =>
            expect(relative(result.matrix[i]?.[j] as number, value)).toBeLessThanOrEqual(TOLERANCE),
          ),
        );
      }
    });
  }

  const regression = {
    r2: metrics.r2Score,
    "mean-squared-error": metrics.meanSquaredError,
    "mean-absolute-error": metrics.meanAbsoluteError,
  };
  for (const [name, metric] of Object.entries(regression)) {
    for (const key of ["regression", "regression weights", "far", "far weights"]) {
      it(`${name} is that of scikit-learn: ${key}`, async () => {
        const { data, expected } = goldenCase(golden, `${name} ${key}`);
        check(
          await everywhere((cut) =>
            metric(cut(labels(data, "yTrue")), cut(labels(data, "yPred")), {
              sampleWeight: data.sampleWeight && cut(data.sampleWeight),
            }),
          ),
          numberOf(expected, "value"),
        );
      });
    }
    it(`${name} of a constant target is that of scikit-learn`, async () => {
      for (const key of ["constant", "constantPerfect"]) {
        const { data, expected } = goldenCase(golden, `${name} ${key}`);
        expect(await metric(labels(data, "yTrue"), labels(data, "yPred"))).toBe(numberOf(expected, "value"));
      }
    });
  }
});

// scikit-learn 1.9.1 on the "ties" and "binary" inputs: roc_curve(y, s) and calibration_curve(y, s, n_bins=10, strategy=...).
describe("curves against scikit-learn", () => {
  const { data } = goldenCase(golden, "roc-auc ties");
  const binary = goldenCase(golden, "roc-auc binary").data;

  it("rocCurve leaves out the points that scikit-learn leaves out", async () => {
    const curve = await metrics.rocCurve(labels(binary, "yTrue"), binary.yScore as number[]);
    expect(curve.fpr.length).toBe(48);
    expect(Array.from(curve.fpr.subarray(0, 6))).toEqual([
      0, 0, 0, 0.02531645569620253, 0.02531645569620253, 0.05063291139240506,
    ]);
    expect(Array.from(curve.tpr.subarray(0, 6))).toEqual([
      0, 0.014084507042253521, 0.5492957746478874, 0.5492957746478874, 0.5633802816901409, 0.5633802816901409,
    ]);
    expect(curve.thresholds[0]).toBe(Infinity);
    expect([curve.fpr.at(-1), curve.tpr.at(-1)]).toEqual([1, 1]);
    const area = curve.fpr.reduce(
      (sum, x, k) =>
        k === 0
          ? 0
          : sum + ((x - (curve.fpr[k - 1] as number)) * ((curve.tpr[k] as number) + (curve.tpr[k - 1] as number))) / 2,
      0,
    );
    expect(relative(area, await metrics.rocAucScore(labels(binary, "yTrue"), binary.yScore as number[]))).toBeLessThan(
      TOLERANCE,
    );
  });

  const expectedCurves = {
    "ties uniform": {
      probTrue: [0, 0, 0.3333333333333333, 0.5652173913043478, 0.375, 0.2857142857142857, 0.5714285714285714, 1, 1, 1],
      probPred: [0.07692307692307691, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    },
    "ties quantile": {
      probTrue: [0, 0.5, 0.375, 0.2857142857142857, 0.5714285714285714, 1, 1, 1],
      probPred: [0.15, 0.371875, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    },
    "binary uniform": {
      probTrue: [0, 0, 0, 0.4, 0.5454545454545454, 0.42857142857142855, 0.29411764705882354, 1, 1, 1],
      probPred: [
        0.05343394, 0.15445919047619044, 0.2470298, 0.35396953333333336, 0.45009372727272723, 0.5368200476190476,
        0.6534431176470589, 0.7583834615384615, 0.8408376153846153, 0.9479236153846154,
      ],
    },
    "binary quantile": {
      probTrue: [
        0, 0, 0.26666666666666666, 0.6, 0.4, 0.4666666666666667, 0.26666666666666666, 0.7333333333333333, 1, 1,
      ],
      probPred: [
        0.10478598, 0.18680453333333336, 0.3097522, 0.40275053333333327, 0.47576960000000007, 0.5299038666666667,
        0.6217629333333333, 0.7194036, 0.8226439333333334, 0.9389128666666667,
      ],
    },
  };
  for (const [name, expected] of Object.entries(expectedCurves)) {
    it(`calibrationCurve is that of scikit-learn: ${name}`, async () => {
      const source = name.startsWith("ties") ? data : binary;
      for (const layout of Object.values(layouts)) {
        const curve = await metrics.calibrationCurve(
          vector(labels(source, "yTrue"), layout),
          vector(source.yScore as number[], layout),
          {
            nBins: 10,
            strategy: name.endsWith("uniform") ? "uniform" : "quantile",
          },
        );
        for (const key of ["probTrue", "probPred"] as const) {
          expect(curve[key].length).toBe(expected[key].length);
          expected[key].forEach((value, k) =>
            expect(relative(curve[key][k] as number, value)).toBeLessThanOrEqual(TOLERANCE),
          );
        }
        expect(curve.weight.reduce((sum, w) => sum + w, 0)).toBe(150);
      }
    });
  }
});
